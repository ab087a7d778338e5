package cn.jiafang.app

import android.app.Notification
import android.app.PendingIntent
import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.IBinder
import android.os.PowerManager
import android.util.Log
import androidx.core.app.NotificationChannelCompat
import androidx.core.app.NotificationCompat
import androidx.core.app.NotificationManagerCompat
import androidx.core.app.ServiceCompat

private const val TAG = "SyncService"
private const val CHANNEL = "sync"

/** The reminders of the mornings have 1 to 7. */
private const val NOTIFICATION_ID = 1_000

/** For so long a sync out of sight keeps the processor awake. It may go on after that, as the system lets it. */
private const val AWAKE_MAX_MS = 30 * 60 * 1000L

/**
 * Keeps the process while a sync that was begun goes on behind other apps. It does nothing itself: Rust syncs, and says from when
 * to when this is needed. No sync is begun here, and none is begun anew when the system has ended the process: the key was in its
 * memory.
 */
class SyncService : Service() {
  private var awake: PowerManager.WakeLock? = null

  override fun onBind(intent: Intent?): IBinder? = null

  override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
    try {
      ServiceCompat.startForeground(this, NOTIFICATION_ID, notification(), ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
    } catch (refused: RuntimeException) {
      // The app was out of sight for too long, or the day's hours for such services are used up (Android 15).
      Log.i(TAG, "not kept in the foreground", refused)
      stopSelf()
      return START_NOT_STICKY
    }
    if (awake == null) {
      awake = getSystemService(PowerManager::class.java)?.newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, "jiafang:sync")?.apply {
        setReferenceCounted(false)
        acquire(AWAKE_MAX_MS)
      }
    }
    return START_NOT_STICKY
  }

  /** The system's hours for such a service are over: who does not stop then is ended as if it had crashed. */
  override fun onTimeout(startId: Int, fgsType: Int) {
    stopSelf()
  }

  override fun onDestroy() {
    awake?.release()
    awake = null
    super.onDestroy()
  }

  /** It says what goes on, and nothing of whom: anybody may read it on a locked screen. */
  private fun notification(): Notification {
    NotificationManagerCompat.from(this).createNotificationChannel(
      NotificationChannelCompat.Builder(CHANNEL, NotificationManagerCompat.IMPORTANCE_LOW)
        .setName(getString(R.string.sync_channel))
        .setShowBadge(false)
        .build()
    )
    val open = PendingIntent.getActivity(this, 0, Intent(this, MainActivity::class.java), PendingIntent.FLAG_IMMUTABLE)
    return NotificationCompat.Builder(this, CHANNEL)
      .setSmallIcon(android.R.drawable.stat_notify_sync)
      .setContentTitle(getString(R.string.sync_runs))
      .setContentText(getString(R.string.sync_ends_by_itself))
      .setContentIntent(open)
      .setCategory(NotificationCompat.CATEGORY_PROGRESS)
      .setOngoing(true)
      .setSilent(true)
      .build()
  }

  companion object {
    /**
     * Called by Rust, by this name, on any thread: the process is needed, or no longer. Not `startForegroundService`: it would make
     * the system end the app when the sync has ended before the service began. The app that asks has just left the screen, and may
     * start a service.
     */
    @JvmStatic
    fun keep(context: Context, isNeeded: Boolean) {
      val service = Intent(context, SyncService::class.java)
      try {
        if (isNeeded) context.startService(service) else context.stopService(service)
      } catch (refused: RuntimeException) {
        Log.i(TAG, "the system lets no service begin", refused)
      }
    }
  }
}
