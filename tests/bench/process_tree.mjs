// What a tree of processes costs, out of /proc: CPU time with that of children that have ended, and memory.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, readdirSync } from 'node:fs';

const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function look(pid) {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
		const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // from the third on
		return { pid, parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) };
	} catch {
		return null; // it has ended meanwhile
	}
}

function tree(root) {
	const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => look(Number(name))).filter(Boolean);
	const children = new Map();
	for (const one of all)
		children.set(one.parent, [...children.get(one.parent) ?? [], one]);
	const found = all.filter(({ pid }) => pid === root);
	for (let i = 0; i < found.length; i++)
		found.push(...children.get(found[i].pid) ?? []);
	return found;
}

export const cpuMicroseconds = (root) => tree(root).reduce((sum, { ticks }) => sum + ticks, 0) * TICK_US;

function memoryOf(pid) {
	try {
		return { program: readlinkSync(`/proc/${pid}/exe`), kib: Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) };
	} catch {
		return null;
	}
}

/** PSS in MiB: pages that several processes share count once. `programs`: only of those whose file begins so, or that it says. */
export function memoryMib(root, programs = '') {
	const counts = typeof programs === 'function' ? programs : (program) => program.startsWith(programs);
	return tree(root).map(({ pid }) => memoryOf(pid)).filter((one) => one && counts(one.program))
		.reduce((sum, { kib }) => sum + kib, 0) / 1024;
}

/** Samples until stop(): the most memory that was seen. */
export function watchMemory(root, programs, everyMs = 500) {
	const watch = { most: memoryMib(root, programs) };
	const timer = setInterval(() => { watch.most = Math.max(watch.most, memoryMib(root, programs)); }, everyMs);
	timer.unref();
	watch.stop = () => clearInterval(timer);
	return watch;
}
