// Helpers in C, compiled when they are missing or old; several test files may do that at once.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './server.mjs';

/** tests/lib/NAME.c as build/probe/NAME; gives its path. */
export function compile(name, ...flags) {
	const source = path.join(ROOT, `tests/lib/${name}.c`);
	const program = path.join(ROOT, `build/probe/${name}`);
	if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
		mkdirSync(path.dirname(program), { recursive: true });
		const mine = `${program}.${process.pid}`;
		execFileSync(process.env.CC ?? 'cc', ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', ...flags, '-o', mine, source]);
		renameSync(mine, program);
	}
	return program;
}
