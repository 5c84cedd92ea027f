// 2,000 programs killed under load; tests/flow/crash.test.mjs does the same with fewer.
import { test } from 'node:test';

import { crashTest } from '../lib/crash.mjs';

test('endpoints killed by SIGKILL at random moments lose nothing that was answered', { timeout: 600000 }, (t) => crashTest(t, 2000, 8));
