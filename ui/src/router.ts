import { createRouter, createWebHashHistory } from 'vue-router'
import TodayScreen from './screens/TodayScreen.vue'
import { app } from './state/app'
import { closeTopmost } from './state/back'
import { mayLeave } from './state/leaving'

const history = createWebHashHistory()
let goesBack = false
// Before the router itself hears of it.
history.listen((_to, _from, { direction }) => (goesBack = direction === 'back'))

// Each screen is loaded when it is first shown, as the start must be fast. A teacher's first one comes with the start: by
// itself it would be a dozen small files, of which each keeps a slow tablet waiting.
export const router = createRouter({
  history,
  routes: [
    { path: '/', redirect: '/today' },
    { path: '/today', component: TodayScreen },
    { path: '/children', component: () => import('./screens/ChildrenScreen.vue') },
    { path: '/children/register', component: () => import('./screens/RegisterChildScreen.vue') },
    { path: '/children/:id', component: () => import('./screens/DossierScreen.vue'), props: true },
    { path: '/children/:id/danger', component: () => import('./screens/DangerScreen.vue'), props: true },
    { path: '/dangers', component: () => import('./screens/DangersScreen.vue') },
    { path: '/evidence', component: () => import('./screens/EvidenceScreen.vue') },
    { path: '/round', component: () => import('./screens/RoundScreen.vue') },
    { path: '/round/:village', component: () => import('./screens/RoundVillageScreen.vue'), props: true },
    { path: '/round/:village/:child', component: () => import('./screens/HouseholdScreen.vue'), props: true },
    { path: '/roll', component: () => import('./screens/RollScreen.vue') },
    { path: '/transition', component: () => import('./screens/TransitionScreen.vue') },
    { path: '/cases', component: TodayScreen },
    { path: '/drafts', component: () => import('./screens/DraftsScreen.vue') },
    { path: '/drafts/:id', component: () => import('./screens/VisitScreen.vue'), props: true },
    { path: '/sync', component: () => import('./screens/SyncScreen.vue') },
    { path: '/more', component: () => import('./screens/MoreScreen.vue') },
    { path: '/ledger', component: () => import('./desk/LedgerScreen.vue') },
    { path: '/inbox', component: () => import('./desk/InboxScreen.vue') },
    { path: '/office', component: () => import('./desk/office/OfficeScreen.vue') },
    { path: '/duty', component: () => import('./desk/duty/DutyScreen.vue') },
    { path: '/settings', component: () => import('./desk/settings/SettingsScreen.vue') },
    { path: '/roster', component: () => import('./desk/RosterScreen.vue') },
  ],
})

router.beforeEach((to, from) => {
  const isBack = goesBack
  goesBack = false
  if (isBack && closeTopmost()) return false
  return to.path === from.path || mayLeave()
})

/**
 * The tablet's back button: closes what lies over the screen, or goes to the screen before. False when there is neither, and
 * the app itself is to leave. Behind a cover nothing moves.
 */
export function goBack(): boolean {
  if (app.state?.stage !== 'open') return false
  if (closeTopmost()) return true
  if (!history.state.back) return false
  router.back()
  return true
}
