// What goes through lighttpd: requests per second, latency, CPU and memory, beside the floors. The second half of `make bench`.
import { FLOORS, serveFloors } from './floors.mjs';
import { CHEAP, ENDPOINTS, OPERATIONS, installOurs, serveOurs, signInOnce, signedIn } from './ours.mjs';
import { memoryMib, watchMemory } from './process_tree.mjs';
import { delay } from '../lib/wait.mjs';
import { median, number, print } from './report.mjs';
import { load } from './wrk.mjs';

const MEMORY_TARGET_MIB = 64;

async function startTarget(name, fastcgi) {
	const server = await installOurs();
	const root = await serveOurs(server, { fastcgi });
	await delay(1000); // what starts with the server has started
	const idle = memoryMib(root, ENDPOINTS);
	return { name, fastcgi, server, base: server.issuer, root, idle, peak: idle, with_argon2: idle, ...await signedIn(server) };
}

/** One run; errors void it, and with it all of the bench. */
async function measure(target, operation, plan, connections, { seconds, warmUp }) {
	const watch = watchMemory(target.root, ENDPOINTS);
	try {
		const ran = await load({ base: target.base, root: target.root, plan, connections, seconds, warmUp });
		const kind = operation.settings ? 'with_argon2' : 'peak';
		if (target.server)
			target[kind] = Math.max(target[kind], watch.most);
		return { operation: operation.name, target: target.name, connections, ...ran };
	} finally {
		watch.stop();
	}
}

const floorOf = (operation, target) => operation.floor ?? (target.fastcgi ? 'fastcgi' : 'cgi');

/** The floor that a target is compared with, and the targets in turns, once a round. */
async function measureOperation(operation, targets, floors, settings) {
	const results = [];
	const ours = operation.floor === 'static' ? targets.filter(({ fastcgi }) => fastcgi) : targets;
	const floorsOf = [...new Set(ours.map((target) => floorOf(operation, target)))];
	for (const { server } of operation.settings ? ours : []) {
		await server.configure(operation.settings);
		await signInOnce(server);
	}
	for (const connections of settings.connections) {
		for (let round = 0; round < settings.rounds; round++) {
			for (const floor of operation.settings ? [] : floorsOf)
				results.push(await measure({ ...floors, name: FLOORS[floor].title }, operation, FLOORS[floor].plan, connections, settings));
			for (const target of ours)
				results.push(await measure(target, operation, operation.plan(target.server, target), connections, settings));
		}
		process.stderr.write('.');
	}
	for (const { server } of operation.settings ? ours : []) {
		await server.configure(CHEAP);
		await signInOnce(server);
	}
	return results;
}

function summary(results, operation, target, connections) {
	const runs = results.filter((one) => one.operation === operation && one.target === target && one.connections === connections);
	if (runs.length === 0)
		return null;
	const middle = (key) => median(runs.map((run) => run[key]));
	return { rate: middle('rate'), p50: middle('p50_us') / 1000, p99: middle('p99_us') / 1000, cpu: middle('cpu_us'),
		errors: runs.reduce((sum, run) => sum + run.errors, 0), client: middle('client_cores'), sample: runs.find((run) => run.sample)?.sample };
}

/** Each target as text, with whether it is reached. */
function judge(operation, target, own, floor, connections) {
	const wanted = (target.fastcgi ? operation.fast : operation.cgi) ?? {};
	const judged = [];
	if (wanted.cpu)
		judged.push([`≤ ${wanted.cpu} × null`, own.cpu / floor.cpu <= wanted.cpu]);
	if (wanted.part && connections > 1)
		judged.push([`≥ ${wanted.part} × empty`, own.rate / floor.rate >= wanted.part]);
	if (wanted.rate && connections > 1)
		judged.push([`≥ ${wanted.rate}/s`, own.rate >= wanted.rate]);
	if (wanted.p99 && connections > 1)
		judged.push([`p99 ≤ ${wanted.p99} ms`, own.p99 <= wanted.p99]);
	return judged.map(([text, reached]) => ({ text, reached }));
}

function rowsOf(results, operations, targets, connections) {
	const rows = [];
	for (const operation of operations) {
		for (const count of connections) {
			for (const target of targets) {
				const own = summary(results, operation.name, target.name, count);
				const floor = summary(results, operation.name, FLOORS[floorOf(operation, target)].title, count);
				if (own)
					rows.push({ operation: operation.name, server: target.name, connections: count, ...own, floor, targets: floor ? judge(operation, target, own, floor, count) : [] });
			}
		}
	}
	return rows;
}

const voided = ({ errors, floor }) => errors > 0 || floor?.errors > 0;

const cells = (row) => [row.operation, row.server, String(row.connections),
	voided(row) ? 'VOID' : `${number(row.rate)}${row.client > 0.9 ? '*' : ''}`, row.p50.toFixed(2), row.p99.toFixed(2), number(row.cpu),
	...(row.floor ? [number(row.floor.rate), number(row.floor.cpu), (row.rate / row.floor.rate).toFixed(2), (row.cpu / row.floor.cpu).toFixed(2)] : ['', '', '', '']),
	row.targets.map(({ text, reached }) => `${text}: ${reached ? 'yes' : 'no'}`).join('; ')];

function report(rows, targets, settings) {
	console.log(`\nThrough lighttpd, by wrk, ${settings.rounds} × ${settings.seconds} s each, in turns; medians. The floor, measured beside each operation, is the null CGI, an empty FastCGI program, or a file.`);
	console.log('CPU µs: of all of the server\'s processes, for one request (of a code flow: for both). *: wrk itself was the limit.\n');
	print(['operation', 'server', 'conn.', 'per second', 'p50 ms', 'p99 ms', 'CPU µs', 'floor/s', 'its CPU', 'rate ×', 'CPU ×', 'targets: reached'], rows.map(cells), 2);
	print(['memory of the endpoints (PSS)', 'idle MiB', 'peak MiB', 'with Argon2id', 'target', 'reached'], targets.map((target) => [target.name,
		target.idle.toFixed(1), target.peak.toFixed(1), target.with_argon2.toFixed(1), target.fastcgi ? `≤ ${MEMORY_TARGET_MIB} (peak)` : '',
		target.fastcgi ? (target.peak <= MEMORY_TARGET_MIB ? 'yes' : 'no') : '']));
	for (const { operation, server, errors, sample } of rows.filter(voided))
		console.error(`${operation}, ${server}: ${errors} wrong answers, such as: ${sample}`);
}

/** settings: names, rounds, seconds, warmUp, connections. Gives all figures, or null when nothing has such a name; `void` in it. */
export async function benchServer(settings) {
	const operations = OPERATIONS.filter(({ name }) => settings.names.length === 0 || settings.names.some((part) => name.includes(part)));
	if (operations.length === 0)
		return null;
	const floors = await serveFloors();
	const targets = [];
	try {
		for (const [name, fastcgi] of [['Latchkey, CGI', false], ['Latchkey, FastCGI', true]])
			targets.push(await startTarget(name, fastcgi));
		const results = [];
		for (const operation of operations)
			results.push(...await measureOperation(operation, targets, floors, settings));
		process.stderr.write('\n');
		const rows = rowsOf(results, operations, targets, settings.connections);
		report(rows, targets, settings);
		for (const { name, server } of rows.some(voided) ? targets : [])
			console.error(`${name}; its server said last:\n${server.service.output().slice(-1500)}`);
		return { rows, runs: results, void: rows.some(voided), memory_mib: targets.map(({ name, idle, peak, with_argon2: argon2 }) => ({ name, idle, peak, with_argon2: argon2 })) };
	} finally {
		for (const { server } of targets)
			await server.stop();
		await floors.service.stop();
	}
}
