// One run of wrk against a server, with what the server's processes cost meanwhile.
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { delay } from '../lib/wait.mjs';
import { cpuMicroseconds } from './process_tree.mjs';

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'wrk.lua');
let plans = 0;

/** A value as Lua writes it. */
function lua(value) {
	if (Array.isArray(value))
		return `{${value.map(lua).join(',')}}`;
	if (value === null || value === undefined)
		return 'nil';
	if (typeof value === 'object')
		return `{${Object.entries(value).map(([key, one]) => (/^\d+$/.test(key) ? lua(one) : `[${lua(key)}]=${lua(one)}`)).join(',')}}`;
	if (typeof value !== 'string')
		return String(value);
	return `"${[...Buffer.from(value)].map((byte) => (byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`)).join('')}"`;
}

/**
 * A request: { method, path, headers, body, status, text, where: 'location'|'body', take, append }; `text` is what the answer
 * must contain, `take` a Lua pattern for the value that the next request with `append` has at the end of its body.
 * plan: { requests } that are sent one after the other by any connection; or { chains: [{ requests, value }] }, one for each
 * connection, when values are carried, and then all requests of a chain together count as one.
 */
function written(plan) {
	const chains = plan.chains ?? [{ requests: plan.requests }];
	return `return ${lua({ carries: plan.chains !== undefined, chains: chains.map(({ requests, value = '' }) => ({ ...requests, value })) })}\n`;
}

function execute(base, plan, connections, seconds) {
	const file = path.join(os.tmpdir(), `latchkey-bench-${process.pid}-${plans++}.lua`);
	writeFileSync(file, written(plan), { mode: 0o600 });
	const threads = plan.chains ? connections : 1;
	return new Promise((resolve, reject) => {
		const child = spawn('wrk', ['-t', String(threads), '-c', String(connections), '-d', `${seconds}s`, '--timeout', '30s', '-s', SCRIPT, `${base}/`],
			{ env: { ...process.env, BENCH_PLAN: file }, stdio: ['ignore', 'pipe', 'pipe'] });
		let said = '';
		child.on('error', reject);
		child.stdout.on('data', (part) => { said += part; });
		child.stderr.on('data', (part) => { said += part; });
		child.on('close', () => {
			rmSync(file, { force: true });
			const line = /^RESULT (.*)$/m.exec(said);
			if (line)
				resolve(JSON.parse(line[1]));
			else
				reject(new Error(`wrk said: ${said}`));
		});
	});
}

/** plan: a function (connections) that makes a fresh one; root: the process whose tree is the server. */
export async function load({ base, root, plan, connections, seconds, warmUp = 0 }) {
	if (warmUp)
		await execute(base, await plan(connections), connections, warmUp);
	const fresh = await plan(connections);
	const before = cpuMicroseconds(root);
	const ran = await execute(base, fresh, connections, seconds);
	await delay(150); // the last children are waited for
	const cpu = cpuMicroseconds(root) - before;
	return { ...ran, rate: ran.count / (ran.us / 1e6), cpu_us: cpu / Math.max(1, ran.count), server_cores: cpu / ran.us };
}
