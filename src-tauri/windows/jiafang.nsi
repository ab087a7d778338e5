; The installer for Windows: ./dev windows. For the person who runs it, into their own folder, without an administrator's
; rights, as township offices have none. It brings the app, and the sync server where it is chosen; it says when WebView2
; is missing. It takes away what it brought and no more: records only when the person says so, never in silence.
;
;   setup.exe /S [/SERVER] [/D=folder]      in silence; /SERVER brings the sync server as well; /D comes last
;   uninstall.exe /S                        in silence; records stay
;
; Exit codes: 0 done, 1 the person stopped, 2 a file could not be written or removed (the app runs, say).

!ifndef VERSION
  !error "makensis -DVERSION=… -DPROGRAMS=folder of the .exe -DICON=….ico -DOUT=….exe"
!endif

Target amd64-unicode
Unicode true
ManifestSupportedOS Win10
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user
!ifdef QUICK
  ; A debug build is packed for the test alone.
  SetCompress off
!else
  SetCompressor /SOLID lzma
!endif

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh

!define IDENTIFIER "cn.jiafang.app"
!define ENTRY "家访 Jiafang.lnk"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${IDENTIFIER}"
; By this key Windows knows whose a notification is: without it the reminders of an app that is no package are not shown.
!define NOTIFICATIONS_KEY "Software\Classes\AppUserModelId\${IDENTIFIER}"
; Where Microsoft's updater notes which WebView2 there is: one for the machine, one for the person.
!define WEB_VIEW_KEY "Software\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"
!define WEB_VIEW_PAGE "https://developer.microsoft.com/microsoft-edge/webview2/"

Name "家访 Jiafang"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Jiafang"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "家访 Jiafang ${VERSION}"

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Jiafang"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Jiafang setup"
VIAddVersionKey "LegalCopyright" "Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\jiafang.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
; The first is taken where the system speaks neither.
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"

LangString APP ${LANG_SIMPCHINESE} "家访"
LangString APP ${LANG_ENGLISH} "Jiafang"
LangString APP_IS ${LANG_SIMPCHINESE} "家访程序,带开始菜单入口。"
LangString APP_IS ${LANG_ENGLISH} "The app, with an entry in the start menu."
LangString SERVER ${LANG_SIMPCHINESE} "同步服务器(县里管理员用)"
LangString SERVER ${LANG_ENGLISH} "Sync server (for the county's administrator)"
LangString SERVER_IS ${LANG_SIMPCHINESE} "只在县里的服务器上需要。用命令行设置,见说明文档。"
LangString SERVER_IS ${LANG_ENGLISH} "Only on the county's own machine. Set up on the command line: see the documentation."
LangString IN_USE ${LANG_SIMPCHINESE} "写不了这个文件:$\r$\n$0$\r$\n$\r$\n家访可能正在运行。请先关闭它,再点“重试”。"
LangString IN_USE ${LANG_ENGLISH} "This file cannot be written:$\r$\n$0$\r$\n$\r$\nJiafang may be running. Close it, then press Retry."
LangString NO_WEB_VIEW ${LANG_SIMPCHINESE} "家访已装好,但这台电脑上没有 Microsoft Edge WebView2,家访要用它来显示页面。$\r$\n$\r$\n请从微软网站下载“常青版独立安装程序”(x64)并安装:$\r$\n${WEB_VIEW_PAGE}$\r$\n$\r$\n没有网络时,把 MicrosoftEdgeWebView2RuntimeInstallerX64.exe 和本安装程序放在同一个文件夹里,再运行一次本安装程序。$\r$\n$\r$\n现在打开这个网页吗?"
LangString NO_WEB_VIEW ${LANG_ENGLISH} "Jiafang is installed, but this computer has no Microsoft Edge WebView2, which it shows its pages with.$\r$\n$\r$\nDownload Microsoft's Evergreen Standalone Installer (x64) and run it:$\r$\n${WEB_VIEW_PAGE}$\r$\n$\r$\nWithout a network, put MicrosoftEdgeWebView2RuntimeInstallerX64.exe into the folder of this installer, and run this installer again.$\r$\n$\r$\nOpen that page now?"
LangString WEB_VIEW_COMES ${LANG_SIMPCHINESE} "正在安装放在旁边的 WebView2……"
LangString WEB_VIEW_COMES ${LANG_ENGLISH} "Installing the WebView2 that lies beside…"
LangString WITH_RECORDS ${LANG_SIMPCHINESE} "这台电脑上还有家访的记录。$\r$\n$\r$\n还没有同步的家访记录只在这台电脑上,删除后找不回来。要把记录也一起删除吗?$\r$\n$\r$\n选“否”,记录留在:$\r$\n$0"
LangString WITH_RECORDS ${LANG_ENGLISH} "Jiafang's records are still on this computer.$\r$\n$\r$\nVisits that were not sent are nowhere else, and cannot be brought back. Delete the records as well?$\r$\n$\r$\nWith No they stay in:$\r$\n$0"

; $0 is the path of a program that is about to be replaced or removed. One that runs cannot be opened for writing.
!macro WAIT_UNTIL_CLOSED PREFIX
Function ${PREFIX}WaitUntilClosed
  again:
    IfFileExists "$0" 0 free
    ClearErrors
    FileOpen $1 "$0" a
    IfErrors in_use
    FileClose $1
    Goto free
  in_use:
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(IN_USE)" /SD IDCANCEL IDRETRY again
    SetErrorLevel 2
    Quit
  free:
FunctionEnd
!macroend
!insertmacro WAIT_UNTIL_CLOSED ""
!insertmacro WAIT_UNTIL_CLOSED "un."

; Sets $0 to the version of WebView2, or to nothing.
Function WebViewVersion
  SetRegView 32
  ReadRegStr $0 HKLM "${WEB_VIEW_KEY}" "pv"
  ${If} $0 == ""
  ${OrIf} $0 == "0.0.0.0"
    ReadRegStr $0 HKCU "${WEB_VIEW_KEY}" "pv"
  ${EndIf}
  ${If} $0 == "0.0.0.0"
    StrCpy $0 ""
  ${EndIf}
  SetRegView 64
FunctionEnd

Function BringWebView
  Call WebViewVersion
  ${If} $0 != ""
    DetailPrint "WebView2 $0"
    Return
  ${EndIf}
  ${If} ${FileExists} "$EXEDIR\MicrosoftEdgeWebView2RuntimeInstallerX64.exe"
    DetailPrint "$(WEB_VIEW_COMES)"
    ExecWait '"$EXEDIR\MicrosoftEdgeWebView2RuntimeInstallerX64.exe" /silent /install'
    Call WebViewVersion
    ${If} $0 != ""
      Return
    ${EndIf}
  ${EndIf}
  ; In silence nobody reads it: the app says the same when it is started.
  MessageBox MB_YESNO|MB_ICONINFORMATION "$(NO_WEB_VIEW)" /SD IDNO IDNO later
  ExecShell "open" "${WEB_VIEW_PAGE}"
  later:
FunctionEnd

Section "$(APP)" SECTION_APP
  SectionIn RO
  SetRegView 64
  ; Both before anything is written: no old server stays beside a new app.
  StrCpy $0 "$INSTDIR\jiafang.exe"
  Call WaitUntilClosed
  StrCpy $0 "$INSTDIR\jiafang-sync-server.exe"
  Call WaitUntilClosed
  SetOutPath "$INSTDIR"
  File "${PROGRAMS}/jiafang.exe"
  File "${PROGRAMS}/WebView2Loader.dll"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${ENTRY}" "$INSTDIR\jiafang.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "家访 Jiafang"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\jiafang.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  WriteRegStr HKCU "${NOTIFICATIONS_KEY}" "DisplayName" "家访"
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section /o "$(SERVER)" SECTION_SERVER
  SetOutPath "$INSTDIR"
  File "${PROGRAMS}/jiafang-sync-server.exe"
SectionEnd

; Last, and without a place in the list: everything is there by then.
Section "-web view"
  Call BringWebView
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SECTION_APP} "$(APP_IS)"
  !insertmacro MUI_DESCRIPTION_TEXT ${SECTION_SERVER} "$(SERVER_IS)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/SERVER" $1
  ; Chosen once, it is renewed with the app.
  ${IfNot} ${Errors}
  ${OrIf} ${FileExists} "$INSTDIR\jiafang-sync-server.exe"
    SectionSetFlags ${SECTION_SERVER} ${SF_SELECTED}
  ${EndIf}
FunctionEnd

Section "Uninstall"
  SetRegView 64
  StrCpy $0 "$INSTDIR\jiafang.exe"
  Call un.WaitUntilClosed
  StrCpy $0 "$INSTDIR\jiafang-sync-server.exe"
  Call un.WaitUntilClosed
  Delete "$INSTDIR\jiafang.exe"
  Delete "$INSTDIR\jiafang-sync-server.exe"
  Delete "$INSTDIR\WebView2Loader.dll"
  Delete "$INSTDIR\uninstall.exe"
  ; Only when it is empty: what somebody else put there is theirs.
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${ENTRY}"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "${NOTIFICATIONS_KEY}"
  ; What the web view keeps for itself holds no record.
  StrCpy $0 "$LOCALAPPDATA\${IDENTIFIER}"
  RMDir /r "$0\EBWebView"
  RMDir "$0"
  ${If} ${FileExists} "$0\*.*"
    MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(WITH_RECORDS)" /SD IDNO IDNO kept
    RMDir /r "$0"
    kept:
  ${EndIf}
SectionEnd
