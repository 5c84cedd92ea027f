// Programs killed at random moments: the short form of tests/long/crash.test.mjs.
import { test } from 'node:test';

import { crashTest } from '../lib/crash.mjs';

test('endpoints killed by SIGKILL at random moments lose nothing that was answered', { timeout: 120000 }, (t) => crashTest(t, 150, 1));
