// What one request costs as a process of its own: every operation of requests.mjs. The first half of `make bench`.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { cgiEnvironment, startCgi } from '../lib/cgi.mjs';
import { ROOT } from '../lib/server.mjs';
import { BENCH, print } from './report.mjs';
import { prepareInstallation, prepareRequests } from './requests.mjs';

const SPARE = 8; // spawn's warm-up, and one for the count of instructions
const MEMORY_TARGET_MIB = 8;

function spawnable(program) {
	try {
		execFileSync(program, ['--version'], { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}

/** The form that spawn.c reads: variables, an empty line, the body. */
function written(server, request) {
	const { search, pathname } = new URL(request.url);
	const environment = cgiEnvironment(server, { ...request, query: search.slice(1), name: pathname.replace('/cgi-bin/', '') });
	return `${Object.entries(environment).map(([name, value]) => `${name}=${value}\n`).join('')}\n${request.body}\n`;
}

/** Runs each of the operation's requests as a process, in turns with the null CGI. */
export function measureProcesses(server, operation, rounds) {
	const input = path.join(server.directory, 'requests');
	const log = path.join(server.directory, 'requests.log');
	writeFileSync(input, operation.requests.map((request) => written(server, request)).join(''));
	const files = [openSync(input, 'r'), 'pipe', openSync(log, 'w')];
	try {
		const program = path.join(ROOT, 'build/cgi-bin', operation.endpoint);
		return JSON.parse(execFileSync(path.join(BENCH, 'spawn'),
			[String(rounds), path.join(BENCH, 'null'), program, operation.status, operation.text], { stdio: files }));
	} catch (error) {
		throw new Error(`${operation.name}: ${error.message}\n${readFileSync(log, 'utf8').slice(-4000)}`);
	} finally {
		closeSync(files[0]);
		closeSync(files[2]);
	}
}

/** Instructions of one process by callgrind, which does not see what the kernel and the hypervisor do. */
async function instructions(server, request, bin) {
	const started = startCgi(server, request.url, { ...request, bin,
		wrapper: ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null'] });
	started.release();
	const counted = /Collected : (\d+)/.exec((await started.answer).stderr);
	return counted ? Number(counted[1]) : null;
}

async function measureAll(server, { names, rounds, quick }) {
	const hasValgrind = !quick && spawnable('valgrind');
	const all = await prepareRequests(server, rounds + SPARE);
	const chosen = all.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
	const nullUrl = server.url('null');
	const floor = hasValgrind ? await instructions(server, { url: nullUrl, method: 'GET', body: '' }, BENCH) : null;
	const results = [];
	for (const { requests, ...operation } of chosen) {
		const [first, ...others] = requests; // a code that was used up by counting cannot be measured
		const counted = hasValgrind ? await instructions(server, first) : null;
		const measured = measureProcesses(server, { ...operation, requests: others.length > 0 ? others : requests }, rounds);
		results.push({ ...operation, ...measured, instructions: counted, null_instructions: floor });
	}
	return results;
}

const ratio = (result, kind) => result.program[kind].median / result.null[kind].median;

function row(result) {
	const cpu = ratio(result, 'cpu_us');
	return [result.name, result.program.wall_us.median.toFixed(0), ratio(result, 'wall_us').toFixed(2),
		result.program.cpu_us.median.toFixed(0), cpu.toFixed(2), (result.program.memory_kib / 1024).toFixed(1),
		result.instructions === null ? '' : (result.instructions / 1e6).toFixed(2),
		result.target ? `≤ ${result.target.toFixed(1)}` : '', result.target ? (cpu <= result.target ? 'yes' : 'no') : ''];
}

/** Both requests of a code flow together. */
function codeFlow(results) {
	const parts = ['authorize: code', 'token: code'].map((name) => results.find((result) => result.name === name));
	if (parts.includes(undefined))
		return [];
	const sum = (of) => parts.reduce((total, part) => total + of(part), 0);
	const series = (which, kind) => ({ median: sum((part) => part[which][kind].median) });
	return [{
		name: 'code flow: both', target: 7.0,
		null: { wall_us: { median: series('null', 'wall_us').median / 2 }, cpu_us: { median: series('null', 'cpu_us').median / 2 } },
		program: { wall_us: series('program', 'wall_us'), cpu_us: series('program', 'cpu_us'),
			memory_kib: Math.max(...parts.map((part) => part.program.memory_kib)) },
		instructions: parts[0].instructions === null ? null : sum((part) => part.instructions),
		null_instructions: parts[0].null_instructions,
	}];
}

function sizes() {
	const folder = path.join(ROOT, 'build/cgi-bin');
	return readdirSync(folder, { recursive: true }).sort().map((name) => ({ name, status: statSync(path.join(folder, name)) }))
		.filter(({ status }) => status.isFile()).map(({ name, status }) => ({ name, bytes: status.size }));
}

function report(results, executables, { rounds, quick }) {
	const floors = results.map((result) => result.null.cpu_us.median).sort((a, b) => a - b);
	const floor = results[0].null_instructions;
	console.log(`One request, one process; medians of ${rounds}, each run after a run of the null CGI (${floors[0].toFixed(0)} to `
		+ `${floors.at(-1).toFixed(0)} µs of CPU${floor === null ? '' : `, ${(floor / 1e6).toFixed(2)} million instructions`}).`);
	console.log('Trust the ratios.\n');
	print(['operation', 'wall µs', '× null', 'CPU µs', '× null', 'MiB', 'M instr.', 'target', 'reached'],
		[...results, ...codeFlow(results)].map(row));
	const most = results.reduce((a, b) => (a.program.memory_kib > b.program.memory_kib ? a : b));
	const mib = most.program.memory_kib / 1024;
	console.log(`Memory: at most ${mib.toFixed(1)} MiB (${most.name}); target < ${MEMORY_TARGET_MIB} outside Argon2id: `
		+ `${mib < MEMORY_TARGET_MIB ? 'reached' : 'not reached'}. The sign-in runs Argon2id with 8 KiB and one pass here.\n`);
	print(['executable', 'MiB'], executables.map(({ name, bytes }) => [name, (bytes / 1048576).toFixed(1)]));
	if (!quick && floor === null)
		console.log('Without valgrind no instructions were counted.');
}

/** settings: names, rounds, quick. Gives all figures, or null when nothing has such a name. */
export async function benchProcesses(settings) {
	const server = await prepareInstallation();
	process.on('exit', () => rmSync(server.directory, { recursive: true, force: true }));
	const results = await measureAll(server, settings);
	if (results.length === 0)
		return null;
	const executables = sizes();
	report(results, executables, settings);
	return {
		rounds: settings.rounds,
		operations: [...results, ...codeFlow(results)].map((result) => ({ ...result, wall_ratio: ratio(result, 'wall_us'), cpu_ratio: ratio(result, 'cpu_us'),
			instructions_ratio: result.instructions && result.instructions / result.null_instructions })),
		executables,
	};
}
