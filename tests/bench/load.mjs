// `make load`: mixed traffic for minutes, as CGI and as FastCGI; then 64 writers at once; then 64 sign-ins at what Argon2id may have.
// It fails on any wrong answer, on SQLITE_BUSY, and when memory or the write-ahead log grows beyond its bound.
import { statSync } from 'node:fs';
import path from 'node:path';

import { accountGet } from '../lib/account.mjs';
import { Browser } from '../lib/browser.mjs';
import { authorize, redeem } from '../lib/client.mjs';
import { request } from '../lib/http.mjs';
import { call, refreshFields } from '../lib/tokens.mjs';
import { delay } from '../lib/wait.mjs';
import { CHEAP, ENDPOINTS, codeChain, installOurs, loginRequest, refreshChains, serveOurs, signInOnce, signedIn } from './ours.mjs';
import { memoryMib, watchMemory } from './process_tree.mjs';
import { machineText, median, options, percentile, print, save } from './report.mjs';
import { load } from './wrk.mjs';

const WORKERS = 16;
const WRITERS = 64;
const WAL_MOST_BYTES = 2000 * 4120; // the writer that finds 1,000 pages checkpoints; others may have queued meanwhile
const GROWTH_MOST_MIB = 4;
const ARGON2 = { argon2_memory_kib: 65536, argon2_iterations: 2, argon2_slots: 2, argon2_wait_ms: 1500 };
const PROCESS_MIB = 2; // what a sign-in has beside Argon2id
const P99_MOST_MS = { CGI: 450, FastCGI: 65 };

const settings = options({ minutes: 10 });
const problems = [];

function expect(answer, status, what) {
	if (answer.status !== status)
		throw new Error(`${what}: ${answer.status} instead of ${status}: ${answer.text.slice(0, 500)}`);
	return answer;
}

/** One client and its user: sign-in, code, tokens, and what is done with them; `did` counts and times each request. */
async function work(server, user, did, until) {
	const client = server.clients.Measured;
	const timed = async (what, status, send) => {
		const start = performance.now();
		const answer = await send();
		did(what, performance.now() - start);
		return expect(answer, status, what);
	};
	for (let round = 0, browser; Date.now() < until; round++) {
		if (round % 10 === 0)
			browser = new Browser(); // signs in by its form, and never needs to sign out
		const start = performance.now();
		const outcome = await authorize(server, browser, client, { scope: 'openid profile offline_access' }, { user: server.users[user] });
		did(round % 10 === 0 ? 'sign-in, whole' : 'authorize', performance.now() - start);
		let tokens = (await timed('code', 200, () => redeem(server, outcome))).json();
		for (let i = 0; i < 2; i++)
			tokens = (await timed('refresh', 200, () => call(server, 'token', client, refreshFields(tokens.refresh_token)))).json();
		const bearer = { headers: { Authorization: `Bearer ${tokens.access_token}` } };
		await timed('userinfo', 200, () => request(server.url('userinfo'), bearer));
		const told = await timed('introspect', 200, () => call(server, 'introspect', client, { token: tokens.access_token }));
		if (!told.json().active)
			throw new Error('introspect: a live token is not active');
		await timed('client_credentials', 200, () => call(server, 'token', client, { grant_type: 'client_credentials' }));
		await timed('discovery', 200, () => request(server.url('discovery')));
		await timed('jwks', 200, () => request(server.url('jwks')));
		await timed('account/overview', 200, () => accountGet(server, browser, 'overview'));
		await timed('account/applications', 200, () => accountGet(server, browser, 'applications'));
		await timed('revoke', 200, () => call(server, 'revoke', client, { token: tokens.refresh_token }));
		await timed('userinfo, revoked', 401, () => request(server.url('userinfo'), bearer));
	}
}

const sizeOf = (server, name) => statSync(path.join(server.directory, 'database', name), { throwIfNoEntry: false })?.size ?? 0;

async function sample(server, root, until, everyMs) {
	const samples = [];
	while (Date.now() < until) {
		samples.push({ endpoints_mib: memoryMib(root, ENDPOINTS), others_mib: memoryMib(root, (program) => !program.startsWith(ENDPOINTS)), wal_bytes: sizeOf(server, 'latchkey.db-wal'), database_bytes: sizeOf(server, 'latchkey.db') });
		await delay(everyMs);
	}
	return samples;
}

/** By how much the last quarter of the samples lies above the second one: in the first one processes still start. */
function growthOf(samples, key) {
	const quarter = Math.floor(samples.length / 4);
	const middle = (from) => median(samples.slice(from, from + quarter).map((one) => one[key]));
	return quarter > 0 ? middle(samples.length - quarter) - middle(quarter) : 0;
}

async function mixed(server, root, mode) {
	const begin = Date.now();
	const until = begin + settings.minutes * 60000;
	const times = new Map();
	const did = (what, ms) => {
		if (!times.has(what))
			times.set(what, []);
		times.get(what).push(ms);
	};
	const sampling = sample(server, root, until, Math.max(250, Math.min(5000, settings.minutes * 600)));
	const ended = await Promise.allSettled(Array.from({ length: WORKERS }, (_, i) => work(server, `user${i}`, did, until)));
	const samples = await sampling;
	for (const { reason } of ended.filter(({ status }) => status === 'rejected'))
		problems.push(`${mode}: ${reason.message}`);
	const seconds = (Date.now() - begin) / 1000;
	const count = [...times.values()].reduce((sum, list) => sum + list.length, 0);
	const wal = Math.max(...samples.map((one) => one.wal_bytes));
	const growth = growthOf(samples, 'others_mib') + (server.fastcgi ? growthOf(samples, 'endpoints_mib') : 0); // CGI programs do not stay
	if (wal > WAL_MOST_BYTES)
		problems.push(`${mode}: the write-ahead log grew to ${wal} bytes`);
	if (growth > GROWTH_MOST_MIB)
		problems.push(`${mode}: memory grew by ${growth.toFixed(1)} MiB`);
	return { count, seconds, wal_most_bytes: wal, memory_growth_mib: growth, samples,
		operations: [...times].map(([name, list]) => ({ name, count: list.length, p50_ms: percentile(list, 50), p99_ms: percentile(list, 99) })) };
}

/** Half of the connections refresh, a quarter signs in by form, a quarter goes through code flows. */
async function writers(server, root, mode) {
	const { browser } = await signedIn(server);
	const plan = async () => {
		const { chains } = await refreshChains(server, browser, WRITERS / 2);
		const login = await loginRequest(server, browser);
		for (let i = 0; i < WRITERS / 4; i++)
			chains.push({ requests: [login] }, codeChain(server, browser));
		return { chains };
	};
	const ran = await load({ base: server.issuer, root, plan, connections: WRITERS, seconds: 15 });
	if (ran.errors > 0)
		problems.push(`${mode}: ${ran.errors} wrong answers with ${WRITERS} writers, such as: ${ran.sample}`);
	return ran;
}

async function manySignIns(server, root, mode) {
	const { browser } = await signedIn(server);
	await server.configure(ARGON2);
	await signInOnce(server);
	const login = await loginRequest(server, browser);
	const before = memoryMib(root, ENDPOINTS);
	const watch = watchMemory(root, ENDPOINTS, 50);
	const start = performance.now();
	let longest = 0;
	const answers = await Promise.all(Array.from({ length: WRITERS }, async () => {
		const answer = await request(server.issuer + login.path, { method: 'POST', body: login.body, headers: login.headers });
		longest = (performance.now() - start) / 1000;
		return answer;
	}));
	watch.stop();
	const signed = answers.filter(({ status }) => status === 303).length;
	const refused = answers.filter(({ status, headers }) => status === 503 && headers['retry-after']).length;
	const bound = before + ARGON2.argon2_slots * ARGON2.argon2_memory_kib / 1024 + WRITERS * PROCESS_MIB;
	if (signed + refused !== WRITERS)
		problems.push(`${mode}: of ${WRITERS} sign-ins ${signed} succeeded and ${refused} were asked to come again; others got ${[...new Set(answers.map(({ status }) => status))]}`);
	if (watch.most > bound)
		problems.push(`${mode}: ${WRITERS} sign-ins took ${watch.most.toFixed(0)} MiB, more than ${bound.toFixed(0)}`);
	await server.configure(CHEAP);
	return { signed_in: signed, asked_to_come_again: refused, longest_wait_seconds: longest, memory_before_mib: before, memory_peak_mib: watch.most, memory_bound_mib: bound };
}

function report(mode, { traffic, together, passwords }) {
	const { samples } = traffic;
	const mib = (bytes) => (bytes / 1048576).toFixed(2);
	console.log(`${mode}: ${traffic.count} requests in ${traffic.seconds.toFixed(0)} s at ${WORKERS} connections.`);
	print(['request', 'count', 'p50 ms', 'p99 ms'], traffic.operations.map((one) => [one.name, String(one.count), one.p50_ms.toFixed(1), one.p99_ms.toFixed(1)]));
	const quarter = (part) => samples[Math.min(samples.length - 1, Math.floor((samples.length - 1) * part))];
	const points = [0, 0.25, 0.5, 0.75, 1];
	print(['over the time', ...points.map((part) => `${part * 100} %`), 'most'], [
		['endpoints, MiB', 'endpoints_mib', (v) => v.toFixed(1)], ['server and deliver, MiB', 'others_mib', (v) => v.toFixed(1)],
		['write-ahead log, MiB', 'wal_bytes', mib], ['database, MiB', 'database_bytes', mib],
	].map(([title, key, text]) => [title, ...points.map((part) => text(quarter(part)[key])), text(Math.max(...samples.map((one) => one[key])))]));
	console.log(`Growth of memory from the second to the last quarter: ${traffic.memory_growth_mib.toFixed(2)} MiB (at most ${GROWTH_MOST_MIB}); `
		+ `write-ahead log at most ${mib(traffic.wal_most_bytes)} MiB (bound ${mib(WAL_MOST_BYTES)}).`);
	const p99 = together.p99_us / 1000;
	console.log(`${WRITERS} writers (refresh, code flow, sign-in): ${together.count} exchanges, ${together.rate.toFixed(0)} a second, ${together.errors} wrong answers, `
		+ `p50 ${(together.p50_us / 1000).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (target ≤ ${P99_MOST_MS[mode]}: ${p99 <= P99_MOST_MS[mode] ? 'reached' : 'not reached'}).`);
	console.log(`${WRITERS} sign-ins at once, Argon2id with 64 MiB and ${ARGON2.argon2_slots} slots: ${passwords.signed_in} signed in, ${passwords.asked_to_come_again} got 503 with Retry-After, `
		+ `the longest wait was ${passwords.longest_wait_seconds.toFixed(1)} s (a program waits ${ARGON2.argon2_wait_ms / 1000} s for its turn); endpoints ${passwords.memory_before_mib.toFixed(1)} MiB before, ${passwords.memory_peak_mib.toFixed(1)} at most (bound ${passwords.memory_bound_mib.toFixed(0)}).\n`);
}

async function run(mode, fastcgi) {
	const server = await installOurs();
	server.fastcgi = fastcgi;
	for (let i = 0; i < WORKERS; i++)
		await server.addUser({ username: `user${i}`, password: `the password of user ${i}` });
	const root = await serveOurs(server, { fastcgi });
	const figures = { traffic: await mixed(server, root, mode), together: await writers(server, root, mode), passwords: await manySignIns(server, root, mode) };
	const busy = (await server.log()).filter(({ level, text }) => level === 'error' || /SQLITE_BUSY|database is locked/.test(text));
	for (const line of busy.slice(0, 3))
		problems.push(`${mode}: the log says: ${line.program}: ${line.text}`);
	await server.stop({ errors: true });
	report(mode, figures);
	return figures;
}

try {
	if (!(settings.minutes > 0))
		throw new Error('--minutes needs a number');
	console.log(`${machineText()}\nThe client shares the machine.\n`);
	const figures = { CGI: await run('CGI', false), FastCGI: await run('FastCGI', true) };
	console.log(`All figures: ${save('load', { settings, ...figures, problems })}`);
} catch (error) {
	problems.push(error.message);
}
for (const problem of problems)
	console.error(`load: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
