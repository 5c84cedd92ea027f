// Tables, the machine they were measured on, and the file with all figures.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ROOT } from '../lib/server.mjs';

export const BENCH = path.join(ROOT, 'build/bench');

/** Aligned, and a table of Markdown. The first `texts` columns are text, the others are numbers. */
export function print(titles, rows, texts = 1) {
	const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i].length)));
	const line = (cells) => `| ${cells.map((cell, i) => (i < texts ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
	console.log(line(titles));
	console.log(`|${widths.map((width, i) => (i < texts ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`);
	for (const cells of rows)
		console.log(line(cells));
	console.log();
}

export const number = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export const percentile = (values, percent) => [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * percent / 100) - 1)];

function versionOf(...packages) {
	try {
		return execFileSync('dpkg-query', ['-W', '-f', '${Package} ${Version}\n', ...packages], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split('\n');
	} catch (error) {
		return String(error.stdout ?? '').trim().split('\n').filter(Boolean);
	}
}

export const machine = () => ({
	cores: os.cpus().length, cpu: os.cpus()[0].model, memory_gib: Math.round(os.totalmem() / 2 ** 30), kernel: os.release(), node: process.version,
	packages: versionOf('libc6', 'libssl3', 'libsqlite3-0', 'lighttpd', 'wrk', 'libfcgi0ldbl'),
});

export function machineText() {
	const { cores, cpu, memory_gib: memory, kernel, packages } = machine();
	return `${cores} cores, ${cpu}, ${memory} GiB, Linux ${kernel}; ${packages.join(', ')}.`;
}

/** Writes all figures; gives the name of the file. */
export function save(kind, figures) {
	const time = new Date().toISOString();
	mkdirSync(BENCH, { recursive: true });
	const file = path.join(BENCH, `${kind}-${time.slice(0, 19).replaceAll(':', '-')}.json`);
	writeFileSync(file, `${JSON.stringify({ time, machine: machine(), ...figures }, null, '\t')}\n`);
	return path.relative(process.cwd(), file);
}

/** --name value, --name=value, --switch and other words. `known` holds the defaults; false ones are switches. */
export function options(known, words = process.argv.slice(2)) {
	const found = { ...known, names: [] };
	for (let i = 0; i < words.length; i++) {
		const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(words[i]) ?? [];
		if (!name) {
			found.names.push(words[i]);
		} else if (!Object.hasOwn(known, name)) {
			console.error(`there is no option --${name}; there are ${Object.keys(known).map((one) => `--${one}`).join(' ')}`);
			process.exit(2);
		} else {
			found[name] = known[name] === false ? true : typeof known[name] === 'number' ? Number(value ?? words[++i]) : value ?? words[++i];
		}
	}
	return found;
}
