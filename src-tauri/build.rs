fn main() {
    let windows = tauri_build::WindowsAttributes::new().app_manifest(include_str!("windows/app.manifest"));
    if let Err(cause) = tauri_build::try_build(tauri_build::Attributes::new().windows_attributes(windows)) {
        println!("cargo::error={cause:#}");
        std::process::exit(1);
    }
    // MinGW's linker would export every symbol of the library that only a tablet loads, more than a DLL can number.
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu")
        && std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "windows")
    {
        println!("cargo::rustc-link-arg-cdylib=-Wl,--exclude-all-symbols");
    }
}
