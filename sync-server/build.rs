//! On Windows, the program asks for long paths and for UTF-8: docs/windows.md.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=windows/server.manifest");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "windows") {
        embed_manifest::embed_manifest_file("windows/server.manifest")?;
    }
    Ok(())
}
