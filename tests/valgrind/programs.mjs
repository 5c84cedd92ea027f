import path from 'node:path';

import { ROOT } from '../lib/server.mjs';

/** The build that valgrind can look into, and how it looks. */
export const PROGRAMS = {
	bin: path.join(ROOT, 'build/dynamic/cgi-bin'),
	wrapper: ['/usr/bin/env', 'valgrind', '--quiet', '--error-exitcode=99', '--leak-check=no'],
};
