import { en as apart } from './en/apart'
import { en as cases } from './en/cases'
import { en as casework } from './en/casework'
import { en as common } from './en/common'
import { en as danger } from './en/danger'
import { en as desk } from './en/desk'
import { en as duty } from './en/duty'
import { en as evidence } from './en/evidence'
import { en as failures } from './en/failures'
import { en as office } from './en/office'
import { en as plan } from './en/plan'
import { en as round } from './en/round'
import { en as settings } from './en/settings'
import { en as shell } from './en/shell'
import { en as sync } from './en/sync'
import { en as transition } from './en/transition'
import { en as visit } from './en/visit'
import type { Words } from './chinese'

export const en: Words = {
  common,
  shell,
  cases,
  casework,
  plan,
  round,
  visit,
  sync,
  transition,
  danger,
  desk,
  apart,
  evidence,
  office,
  settings,
  duty,
  failures,
}
