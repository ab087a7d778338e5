import { zh as apart } from './zh/apart'
import { zh as cases } from './zh/cases'
import { zh as casework } from './zh/casework'
import { zh as common } from './zh/common'
import { zh as danger } from './zh/danger'
import { zh as desk } from './zh/desk'
import { zh as duty } from './zh/duty'
import { zh as evidence } from './zh/evidence'
import { zh as failures } from './zh/failures'
import { zh as office } from './zh/office'
import { zh as plan } from './zh/plan'
import { zh as round } from './zh/round'
import { zh as settings } from './zh/settings'
import { zh as shell } from './zh/shell'
import { zh as sync } from './zh/sync'
import { zh as transition } from './zh/transition'
import { zh as visit } from './zh/visit'

// Chinese first: what a screen may say is what stands here.
export const zh = {
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

export type Words = typeof zh
