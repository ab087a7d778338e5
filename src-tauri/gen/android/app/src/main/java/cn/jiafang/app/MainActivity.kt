package cn.jiafang.app

import android.os.Bundle
import android.os.Environment
import android.view.View
import android.view.WindowManager
import android.webkit.WebView
import androidx.activity.enableEdgeToEdge
import androidx.appcompat.app.AlertDialog
import androidx.core.view.ViewCompat
import androidx.core.view.WindowInsetsCompat
import java.io.File

/** The oldest web view on which the pages are tested. */
private const val WEB_VIEW_MIN = 91

/** How long a picture of the camera's app may lie in the open until the page has read it. */
private const val CAPTURE_AGE_MAX_MS = 10 * 60 * 1000L

/** The one window: the web view with Rust behind it. What is done here is what only the system's side can do. */
class MainActivity : TauriActivity() {
  override fun onCreate(savedInstanceState: Bundle?) {
    enableEdgeToEdge()
    super.onCreate(savedInstanceState)
    // Children's names neither in the list of recent apps, nor in a screenshot, nor on a screen that is cast.
    window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
    keepClearOfBarsAndKeyboard(findViewById(android.R.id.content))
    if (savedInstanceState == null) removeCaptures(olderThanMs = 0)
    warnOfOldWebView()
  }

  override fun onWebViewCreate(webView: WebView) {
    // The pages follow the text size that the teacher has set for the whole tablet.
    webView.settings.textZoom = (resources.configuration.fontScale * 100).toInt()
  }

  override fun onStop() {
    super.onStop()
    removeCaptures(CAPTURE_AGE_MAX_MS)
  }

  /** The page begins below the status bar and ends above the keyboard, so that the field one types in stays in sight. */
  private fun keepClearOfBarsAndKeyboard(content: View) {
    ViewCompat.setOnApplyWindowInsetsListener(content) { view, insets ->
      val kinds = WindowInsetsCompat.Type.systemBars() or
        WindowInsetsCompat.Type.displayCutout() or
        WindowInsetsCompat.Type.ime()
      val edges = insets.getInsets(kinds)
      view.setPadding(edges.left, edges.top, edges.right, edges.bottom)
      WindowInsetsCompat.CONSUMED
    }
  }

  /**
   * The camera's app puts its picture, with the position in it, into a file that nobody else deletes. By then Rust has the
   * picture sealed in its own store.
   */
  private fun removeCaptures(olderThanMs: Long) {
    val folder: File = getExternalFilesDir(Environment.DIRECTORY_PICTURES) ?: return
    val newest = System.currentTimeMillis() - olderThanMs
    folder.listFiles()?.filter { it.isFile && it.lastModified() <= newest }?.forEach { it.delete() }
  }

  private fun warnOfOldWebView() {
    val major = version.substringBefore('.').toIntOrNull() ?: return
    if (major >= WEB_VIEW_MIN) return
    AlertDialog.Builder(this)
      .setTitle(R.string.web_view_too_old_title)
      .setMessage(getString(R.string.web_view_too_old, version, WEB_VIEW_MIN))
      .setNegativeButton(R.string.close) { _, _ -> finish() }
      .setPositiveButton(R.string.go_on_anyway, null)
      .setCancelable(false)
      .show()
  }
}
