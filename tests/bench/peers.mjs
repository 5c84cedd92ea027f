// `make bench-peers`: the same work at glewlwyd, at oidc-provider, and here as CGI and as FastCGI, in turns.
import { basic, formBody, request } from '../lib/http.mjs';
import { delay } from '../lib/wait.mjs';
import { CLIENT, CHALLENGE, VERIFIER, installNpm, startGlewlwyd, startProvider } from './peer_servers.mjs';
import { installOurs, serveOurs, signedIn } from './ours.mjs';
import { memoryMib, watchMemory } from './process_tree.mjs';
import { machineText, median, number, options, print, save } from './report.mjs';
import { load } from './wrk.mjs';

const settings = options({ rounds: 3, seconds: 3, connections: '1,16', quick: false });
if (settings.quick)
	Object.assign(settings, { rounds: 1, seconds: 1 });
const connections = settings.connections.split(',').map(Number);
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

async function startOurs(name, fastcgi) {
	const server = await installOurs();
	const root = await serveOurs(server, { fastcgi });
	const { browser } = await signedIn(server);
	const client = server.clients.Measured;
	return {
		name, version: `scripts/serve${fastcgi ? ' --fastcgi' : ''}, lighttpd`, base: server.issuer, root, service: server, durable: true, fastcgi, ours: true,
		client: { id: client.client_id, secret: client.client_secret, redirect_uri: client.redirect_uris[0] },
		paths: { discovery: '/.well-known/openid-configuration', jwks: '/.well-known/jwks.json', authorize: '/cgi-bin/authorize', token: '/cgi-bin/token',
			introspect: '/cgi-bin/introspect', userinfo: '/cgi-bin/userinfo' },
		scope: 'openid profile email', authorize: {}, token: {}, credentials: {}, cookie: browser.cookies.header(server.url('authorize'), false),
	};
}

const clientOf = (target) => target.client ?? CLIENT;
const authorization = (target) => ({ Authorization: basic(clientOf(target).id, clientOf(target).secret) });

function authorizeRequest(target, { opaque = false } = {}) {
	const parameters = new URLSearchParams({ response_type: 'code', client_id: clientOf(target).id, redirect_uri: clientOf(target).redirect_uri, scope: target.scope,
		state: 'state', nonce: 'nonce', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...(opaque ? {} : target.authorize) });
	return { method: 'GET', path: `${target.paths.authorize}?${parameters}`, headers: { Cookie: target.cookie }, status: target.redirect ?? 303,
		where: 'location', text: 'code=', take: '[?&]code=([^&]+)' };
}

const tokenRequest = (target, form, more) => ({ method: 'POST', path: target.paths.token, headers: { ...FORM, ...authorization(target) },
	body: formBody(form), status: 200, text: '"access_token":"eyJ', ...more });

const redeemForm = (target, { opaque = false } = {}) => ({ grant_type: 'authorization_code', redirect_uri: clientOf(target).redirect_uri, code_verifier: VERIFIER,
	...(opaque ? {} : target.token), code: '' });

/** A code flow from here: the answer of the token endpoint. oidc-provider answers questions about opaque access tokens alone. */
async function obtain(target, flavour) {
	const first = authorizeRequest(target, flavour);
	const redirected = await request(target.base + first.path, { headers: first.headers });
	const code = redirected.location?.searchParams.get('code');
	if (!code)
		throw new Error(`${target.name}: authorize: ${redirected.status} ${redirected.headers.location} ${redirected.text.slice(0, 300)}`);
	target.redirect = redirected.status; // 302 or 303: the load expects the same again
	const answer = await request(target.base + target.paths.token, { form: { ...redeemForm(target, flavour), code }, headers: authorization(target) });
	if (answer.status !== 200)
		throw new Error(`${target.name}: token: ${answer.status} ${answer.text}`);
	return answer.json();
}

const alike = (one) => async () => ({ requests: [one] });

async function refreshChains(target, count) {
	const one = tokenRequest(target, { grant_type: 'refresh_token', ...target.token, refresh_token: '' }, { append: true, take: '"refresh_token":%s*"([^"]+)"' });
	const chains = [];
	for (let i = 0; i < count; i++)
		chains.push({ requests: [one], value: encodeURIComponent((await obtain(target)).refresh_token) });
	return { chains };
}

const OPERATIONS = {
	discovery: (t) => alike({ method: 'GET', path: t.paths.discovery, headers: {}, status: 200, text: '"issuer"' }),
	jwks: (t) => alike({ method: 'GET', path: t.paths.jwks, headers: {}, status: 200, text: '"keys"' }),
	client_credentials: (t) => alike(tokenRequest(t, { grant_type: 'client_credentials', ...t.credentials })),
	introspect: (t) => alike({ method: 'POST', path: t.paths.introspect, headers: { ...FORM, ...authorization(t) }, body: formBody({ token: t.userToken }), status: 200,
		text: '"active":true' }),
	userinfo: (t) => alike({ method: 'GET', path: t.paths.userinfo, headers: { Authorization: `Bearer ${t.userToken}` }, status: 200, text: '"sub":"' }),
	refresh: (t) => (count) => refreshChains(t, count),
	'code flow': (t) => async (count) => ({ chains: Array.from({ length: count }, () => ({ requests: [authorizeRequest(t), tokenRequest(t, redeemForm(t), { append: true })] })) }),
};

async function measure(target, operation, count) {
	const watch = watchMemory(target.root, '');
	try {
		const ran = await load({ base: target.base, root: target.root, plan: OPERATIONS[operation](target), connections: count, seconds: settings.seconds,
			warmUp: settings.quick ? 0 : 1 });
		target.peak = Math.max(target.peak, watch.most);
		return { operation, connections: count, target: target.name, ...ran };
	} finally {
		watch.stop();
	}
}

function rowsOf(results, names, targets) {
	const rows = [];
	for (const operation of names) {
		for (const count of connections) {
			for (const target of targets) {
				const runs = results.filter((one) => one.operation === operation && one.connections === count && one.target === target.name);
				const middle = (key) => median(runs.map((run) => run[key]));
				rows.push({ operation, connections: count, server: target.name, rate: middle('rate'), p50: middle('p50_us') / 1000, p99: middle('p99_us') / 1000,
					cpu: middle('cpu_us'), client: middle('client_cores'), errors: runs.reduce((sum, run) => sum + run.errors, 0), sample: runs.find((run) => run.sample)?.sample });
			}
		}
	}
	return rows;
}

/** Who is behind whom: FastCGI against every peer, CGI against those that write to disk, in what writes. */
function comparisons(rows, targets) {
	const found = [];
	for (const row of rows.filter((one) => one.connections === Math.max(...connections))) {
		const own = targets.find((target) => target.name === row.server);
		if (!own?.ours || (!own.fastcgi && !['refresh', 'code flow'].includes(row.operation)))
			continue;
		const peers = targets.filter((target) => !target.ours && (own.fastcgi || target.durable));
		const best = rows.filter((one) => one.operation === row.operation && one.connections === row.connections && peers.some(({ name }) => name === one.server))
			.reduce((a, b) => (a.rate > b.rate ? a : b));
		found.push({ operation: row.operation, server: row.server, best_peer: best.server, times: row.rate / best.rate, reached: row.rate > best.rate });
	}
	return found;
}

function report(rows, targets, against) {
	console.log(`${machineText()}\n${settings.rounds} × ${settings.seconds} s each, in turns; medians. CPU µs: of all of the server's processes. *: wrk itself was the limit.\n`);
	print(['operation', 'server', 'conn.', 'per second', 'p50 ms', 'p99 ms', 'CPU µs'], rows.map((row) => [row.operation, row.server, String(row.connections),
		row.errors ? 'VOID' : `${number(row.rate)}${row.client > 0.9 ? '*' : ''}`, row.p50.toFixed(2), row.p99.toFixed(2), number(row.cpu)]), 2);
	print(['ahead?', 'of', 'operation', 'times', 'reached'], against.map((one) => [one.server, one.best_peer, one.operation, one.times.toFixed(2), one.reached ? 'yes' : 'no']), 3);
	print(['server', 'version', 'memory idle MiB', 'peak MiB'], targets.map((target) => [target.name, target.version, target.idle.toFixed(1), target.peak.toFixed(1)]), 2);
	for (const { operation, server, errors, sample } of rows.filter((row) => row.errors))
		console.error(`${operation}, ${server}: ${errors} wrong answers, such as: ${sample}`);
}

const targets = [];
try {
	installNpm();
	const names = Object.keys(OPERATIONS).filter((name) => settings.names.length === 0 || settings.names.some((part) => name.includes(part)));
	if (names.length === 0)
		throw new Error(`no operation's name contains ${settings.names.join(' or ')}`);
	targets.push(await startOurs('Latchkey, CGI', false));
	targets.push(await startOurs('Latchkey, FastCGI', true));
	targets.push({ ...await startGlewlwyd(), durable: true });
	targets.push(await startProvider('memory'));
	targets.push({ ...await startProvider('sqlite'), durable: true });
	for (const target of targets)
		target.userToken = (await obtain(target, { opaque: target.opaque })).access_token;
	await delay(1000);
	for (const target of targets)
		target.idle = target.peak = memoryMib(target.root);
	const results = [];
	for (const operation of names) {
		for (const count of connections) {
			for (let round = 0; round < settings.rounds; round++) {
				for (const target of targets)
					results.push(await measure(target, operation, count));
			}
			process.stderr.write('.');
		}
	}
	process.stderr.write('\n');
	const rows = rowsOf(results, names, targets);
	const against = comparisons(rows, targets);
	report(rows, targets, against);
	console.log(`All figures: ${save('peers', { settings, rows, against, runs: results, servers: targets.map(({ name, version, idle, peak }) => ({ name, version, idle_mib: idle, peak_mib: peak })) })}`);
	if (rows.some((row) => row.errors))
		throw new Error('There were wrong answers: this run counts for nothing.');
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
} finally {
	for (const target of targets)
		await target.service.stop();
}
process.exit(); // and with it whatever had begun to start
