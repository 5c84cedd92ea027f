// `make bench-large`: what requests cost with a million users, beside what they cost with an empty database, in turns.
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { pageHeaders } from '../lib/account.mjs';
import { Browser, isLogin } from '../lib/browser.mjs';
import { cgiTransport } from '../lib/cgi.mjs';
import { authorize } from '../lib/client.mjs';
import { measureProcesses } from './by_process.mjs';
import { fill, sizesOf } from './large_data.mjs';
import { machineText, median, options, print, save } from './report.mjs';
import { get, loginPost, pageOf, prepareInstallation, redemptions, refreshes } from './requests.mjs';

const TARGET = 1.3;
const USERS = 16; // whose rows lie in different parts of the file
const SPARE = 8; // spawn's warm-up
const SCOPE = 'openid profile email';
const settings = options({ size: 1, rounds: 5, requests: 60 });

/** The users that are measured: real ones, each signed in, with tokens and five applications. */
async function prepare(name) {
	const server = await prepareInstallation();
	process.on('exit', () => rmSync(server.directory, { recursive: true, force: true }));
	const transport = cgiTransport(server);
	for (let i = 0; i < 4; i++)
		await server.addClient({ client_name: `Application of everybody ${i}`, redirect_uris: ['https://client.example/callback'] });
	const people = [];
	for (let i = 0; i < USERS; i++) {
		const username = `measured${i}`;
		await server.addUser({ username, password: `the password of measured ${i}`, claims: { name: `Measured ${i}` } });
		const browser = new Browser({ transport });
		const user = server.users[username];
		const own = await obtainByCgi(server, transport, browser, server.clients.Refreshing, user);
		for (const [title, client] of Object.entries(server.clients)) {
			if (/^Application|Measured/.test(title))
				await authorize(server, browser, client, { scope: SCOPE }, { user });
		}
		people.push({ user, browser, tokens: own });
	}
	return { name, server, transport, people };
}

async function obtainByCgi(server, transport, browser, client, user) {
	await authorize(server, browser, client, { scope: SCOPE }, { user });
	const [{ url, headers, body }] = await redemptions(server, browser, client, 1);
	return (await transport(url, { method: 'POST', body, headers })).json();
}

/** `count` requests, of one user after the other. */
async function ofEverybody({ people }, count, make) {
	const each = Math.ceil(count / people.length);
	const lists = [];
	for (const person of people)
		lists.push(await make(person, each));
	return Array.from({ length: each * people.length }, (_, i) => lists[i % people.length][Math.floor(i / people.length)]);
}

const repeated = (one, count) => Array.from({ length: count }, () => one);

async function signInRequests({ server, transport }, { user }, count) {
	const stranger = new Browser({ transport });
	return repeated(await loginPost(stranger, await pageOf(server, stranger, server.clients.Measured, isLogin), user), count);
}

const accountRequest = (endpoint) => ({ server }, { browser }, count) => repeated(get(server.url(`account/${endpoint}`), pageHeaders(server, browser)), count);

const OPERATIONS = [
	{ name: 'sign-in', endpoint: 'login', status: '303', text: '/authorize?flow=', make: signInRequests },
	{ name: 'token, code', endpoint: 'token', status: '200', text: '"id_token"', make: ({ server }, { browser }, count) => redemptions(server, browser, server.clients.Measured, count) },
	{ name: 'token, refresh', endpoint: 'token', status: '200', text: '"refresh_token"',
		make: ({ server, transport }, { browser }, count) => refreshes(server, browser, server.clients.Refreshing, transport, count) },
	{ name: 'userinfo', endpoint: 'userinfo', status: '200', text: '"sub"',
		make: ({ server }, { tokens }, count) => repeated(get(server.url('userinfo'), { Authorization: `Bearer ${tokens.access_token}` }), count) },
	{ name: 'account/overview', endpoint: 'account/overview', status: '200', text: '"username"', make: accountRequest('overview') },
	{ name: 'account/applications', endpoint: 'account/applications', status: '200', text: 'Application of everybody', make: accountRequest('applications') },
];

async function measure(target, { make, ...operation }) {
	const requests = await ofEverybody(target, settings.requests + SPARE, (person, count) => make(target, person, count));
	return measureProcesses(target.server, { ...operation, requests }, settings.requests);
}

const times = (run, kind) => run.program[kind].median / run.null[kind].median;

async function compare(operation, empty, large) {
	const rounds = [];
	for (let i = 0; i < settings.rounds; i++) {
		rounds.push({ empty: await measure(empty, operation), large: await measure(large, operation) });
		process.stderr.write('.');
	}
	const middle = (of) => median(rounds.map(of));
	const ratio = (kind) => middle(({ empty: a, large: b }) => times(b, kind) / times(a, kind));
	return { operation: operation.name, cpu_empty_us: middle((round) => round.empty.program.cpu_us.median), cpu_large_us: middle((round) => round.large.program.cpu_us.median),
		cpu_ratio: ratio('cpu_us'), wall_empty_us: middle((round) => round.empty.program.wall_us.median), wall_large_us: middle((round) => round.large.program.wall_us.median),
		wall_ratio: ratio('wall_us'), rounds };
}

const bytesOf = (server) => readdirSync(path.join(server.directory, 'database')).reduce((sum, name) => sum + statSync(path.join(server.directory, 'database', name)).size, 0);

try {
	const operations = OPERATIONS.filter(({ name }) => settings.names.length === 0 || settings.names.some((part) => name.includes(part)));
	if (!(settings.size > 0) || operations.length === 0)
		throw new Error('usage: tests/bench/run large [--size 0.01] [--rounds N] [--requests N] [NAME…]');
	console.log(machineText());
	const { users, clients, grants } = sizesOf(settings.size);
	console.log(`Making ${users} users, ${clients} clients, ${grants} consents and as many refresh tokens.`);
	const empty = await prepare('empty');
	const large = await prepare('large');
	const filled = await fill(large.server, settings.size);
	const bytes = bytesOf(large.server);
	console.log(`${(bytes / 2 ** 30).toFixed(2)} GiB in ${filled.minutes.toFixed(1)} minutes: ${Object.entries(filled.counts).map(([table, count]) => `${count} ${table}`).join(', ')}.\n`);
	const rows = [];
	for (const operation of operations)
		rows.push(await compare(operation, empty, large));
	process.stderr.write('\n');
	console.log(`One request, one process; medians of ${settings.rounds} × ${settings.requests}, in turns, by ${USERS} users. Ratios are of what it costs in times of the null CGI beside it; target ≤ ${TARGET}.`);
	print(['operation', 'CPU µs, empty', 'large', 'ratio', 'wall µs, empty', 'large', 'ratio', 'reached'], rows.map((row) => [row.operation,
		row.cpu_empty_us.toFixed(0), row.cpu_large_us.toFixed(0), row.cpu_ratio.toFixed(2), row.wall_empty_us.toFixed(0), row.wall_large_us.toFixed(0), row.wall_ratio.toFixed(2),
		row.cpu_ratio <= TARGET && row.wall_ratio <= TARGET ? 'yes' : 'no']));
	console.log(`All figures: ${save('large', { settings, ...filled, bytes, rows })}`);
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
}
process.exit();
