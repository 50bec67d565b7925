import { describeCrashPoints } from '../support/crash-points.ts';

describeCrashPoints(1);
