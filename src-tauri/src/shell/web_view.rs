//! What is said on Windows when the system has nothing to show pages with. No page can say it, so a box of the system
//! does, in both languages.

/// Microsoft's own page of WebView2.
const WHERE_FROM: &str = "https://developer.microsoft.com/microsoft-edge/webview2/";

/// Whether the system has WebView2. When it has not, a box says so, and where it comes from, and this waits until the
/// person has closed it.
pub(crate) fn is_there() -> bool {
    let Err(cause) = tauri::webview_version() else { return true };
    tracing::error!(%cause, "WebView2 is missing");
    rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title("家访 Jiafang")
        .set_description(words())
        .set_buttons(rfd::MessageButtons::Ok)
        .show();
    false
}

fn words() -> String {
    format!(
        "家访要用 Microsoft Edge WebView2 来显示页面,这台电脑上没有它,或者当前用户用不了它。\n\
         请从微软网站下载“常青版独立安装程序”(x64)并安装,再打开家访。没有网络时,可在别的电脑上下载后用 U 盘带来。\n\
         已有的记录都还在。\n\n\
         Jiafang shows its pages with Microsoft Edge WebView2, which this computer does not have, or not for this \
         user. Install Microsoft's “Evergreen Standalone Installer” (x64), then start Jiafang again. Without a \
         network, bring it on a stick. Records that you have are untouched.\n\n{WHERE_FROM}"
    )
}
