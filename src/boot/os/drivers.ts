import type { OsName } from '../../config/boot-schema.js';
import { fcos } from './fcos.js';
import { flatcar } from './flatcar.js';
import { generic } from './generic.js';
import type { OsDriver } from './os-driver.js';

/** A new operating system is a new entry. */
export const OS_DRIVERS: Readonly<Record<OsName, OsDriver>> = { flatcar, fcos, generic };
