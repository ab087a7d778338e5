//! Android ends what nobody sees. While a sync that was begun goes on behind other apps, a service in the foreground with a
//! notification keeps the process (`SyncService.kt`; docs/decisions/out-of-sight.md). Core says from when to when.

use std::error::Error;
use std::sync::OnceLock;

use tauri::{AppHandle, Manager};

/// What Rust calls by name: the class, its method, and the method's types.
const SERVICE: &str = "cn.jiafang.app.SyncService";
const KEEP: (&str, &str) = ("keep", "(Landroid/content/Context;Z)V");

type Asked = Result<(), Box<dyn Error>>;
type Ask = Box<dyn Fn(bool) -> Asked + Send + Sync>;

/// Speaks to the service with the app's context: it works also when the activity is gone, which matters for the end.
static SERVICE_OF_THIS_APP: OnceLock<Ask> = OnceLock::new();

/// Finds the service. The activity must be there, and is not needed afterwards.
pub(crate) fn prepare(app: &AppHandle) {
    if SERVICE_OF_THIS_APP.get().is_some() {
        return;
    }
    let Some(window) = app.get_webview_window("main") else { return };
    let asked = window.with_webview(|page| {
        page.jni_handle().exec(|env, activity, _| {
            let found = (|| -> Result<Ask, Box<dyn Error>> {
                let name = env.new_string(SERVICE)?;
                // The activity's own way to a class: only it knows the app's, on every thread.
                let class = env
                    .call_method(activity, "getAppClass", "(Ljava/lang/String;)Ljava/lang/Class;", &[(&name).into()])?
                    .l()?;
                let context =
                    env.call_method(activity, "getApplicationContext", "()Landroid/content/Context;", &[])?.l()?;
                let (class, context) = (env.new_global_ref(class)?, env.new_global_ref(context)?);
                let machine = env.get_java_vm()?;
                Ok(Box::new(move |is_needed| {
                    let mut env = machine.attach_current_thread()?;
                    let arguments = [context.as_obj().into(), is_needed.into()];
                    let called = env.call_static_method(&class, KEEP.0, KEEP.1, &arguments);
                    if called.is_err() {
                        // Else the next call on this thread would fall over it.
                        env.exception_clear()?;
                    }
                    called.map(|_| ()).map_err(Into::into)
                }))
            })();
            match found {
                Ok(ask) => drop(SERVICE_OF_THIS_APP.set(ask)),
                Err(cause) => tracing::warn!(%cause, "a sync will not be ended behind other apps"),
            }
        });
    });
    if let Err(cause) = asked {
        tracing::warn!(%cause, "a sync will not be ended behind other apps");
    }
}

/// The process is needed out of sight, or is no longer. What the system refuses changes nothing but how long it lets the sync go on.
pub(crate) fn needed(is_needed: bool) {
    tracing::info!(is_needed, "a sync out of sight");
    let Some(ask) = SERVICE_OF_THIS_APP.get() else { return };
    if let Err(cause) = ask(is_needed) {
        tracing::warn!(%cause, "the service for a sync out of sight");
    }
}
