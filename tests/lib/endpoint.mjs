// One endpoint, started by its environment and standard input alone, for input that no web server would let pass.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

import { run } from './process.mjs';
import { ROOT } from './server.mjs';

const SOURCE = path.join(ROOT, 'tests/lib/probe.c');
const PROBE = path.join(ROOT, 'build/probe/probe');

/** The helper of probe.c, compiled when it is missing or old; two test files may do that at once. */
export function probe() {
	if (!existsSync(PROBE) || statSync(PROBE).mtimeMs < statSync(SOURCE).mtimeMs) {
		mkdirSync(path.dirname(PROBE), { recursive: true });
		const mine = `${PROBE}.${process.pid}`;
		execFileSync(process.env.CC ?? 'cc', ['-std=c11', '-D_GNU_SOURCE', '-O1', '-o', mine, SOURCE, '-lsqlite3']);
		renameSync(mine, PROBE);
	}
	return PROBE;
}

export const BIN = path.join(ROOT, 'build/cgi-bin');

/** What every endpoint says of itself: name, methods, answers, cors, reads, writes, keys, parameters. */
export function endpoints() {
	const programs = readdirSync(BIN, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
		.map((entry) => path.relative(BIN, path.join(entry.parentPath ?? entry.path, entry.name)));
	return programs.sort().map((name) => {
		const text = execFileSync(path.join(BIN, name), ['--describe'], { encoding: 'utf8', env: {} });
		const found = { parameters: [] };
		for (const line of text.trim().split('\n')) {
			const [key, ...rest] = line.split(' ');
			if (key === 'parameter')
				found.parameters.push({ name: rest[0], longest: Number(rest[1]), repeatable: rest[2] === 'repeatable' });
			else
				found[key] = rest.join(' ');
		}
		return { ...found, name: found.endpoint, methods: found.methods.split(' '), cors: found.cors === 'yes' };
	});
}

const FORM = 'application/x-www-form-urlencoded';
const takesJson = (name) => name.startsWith('account/');

/**
 * The variables of a request, as an array, so that some can stand twice. headers: { name: value or [values] }.
 * body (text or bytes) makes CONTENT_LENGTH and CONTENT_TYPE; variables: { NAME: value, or undefined to leave out }.
 */
export function environment(server, name, { method = 'GET', query = '', body, headers = {}, variables = {} } = {}) {
	const all = {
		LATCHKEY_CONFIG: server.config,
		GATEWAY_INTERFACE: 'CGI/1.1',
		SERVER_PROTOCOL: 'HTTP/1.1',
		SERVER_NAME: 'localhost',
		SERVER_PORT: String(server.port),
		REMOTE_ADDR: '192.0.2.7',
		SCRIPT_NAME: `/cgi-bin/${name}`,
		REQUEST_METHOD: method,
		QUERY_STRING: query,
		...(body === undefined ? {} : { CONTENT_LENGTH: String(Buffer.byteLength(body)), CONTENT_TYPE: takesJson(name) ? 'application/json' : FORM }),
	};
	for (const [header, value] of Object.entries(headers))
		all[`HTTP_${header.toUpperCase().replaceAll('-', '_')}`] = value;
	Object.assign(all, variables);
	return Object.entries(all).filter(([, value]) => value !== undefined)
		.flatMap(([key, value]) => [value].flat().map((one) => `${key}=${one}`));
}

/** The parts of a CGI answer; null if it is none. */
function parse(text) {
	const gap = text.indexOf('\r\n\r\n');
	const status = /^Status: (\d{3}) [A-Z][A-Za-z ]*\r\n/.exec(text);
	if (gap < 0 || !status)
		return null;
	const headers = {};
	for (const line of text.slice(0, gap).split('\r\n')) {
		const key = line.slice(0, line.indexOf(':')).toLowerCase();
		const value = line.slice(line.indexOf(':') + 2);
		headers[key] = key === 'set-cookie' ? [...headers[key] ?? [], value] : value;
	}
	return { status: Number(status[1]), headers, text: text.slice(gap + 4) };
}

/**
 * Runs an endpoint. Besides what environment() takes: args, close (descriptors closed at its start),
 * exact (an array: the whole environment), bin and wrapper (another build, and the command that runs it). Gives code (exit code or signal), stdout, stderr, and the answer's status,
 * headers, text where there is one.
 */
export async function call(server, name, request = {}) {
	const { body, args = [], close = [], exact, bin = BIN, wrapper = [] } = request;
	const command = ['run', ...close.flatMap((fd) => ['-c', String(fd)]), ...(exact ?? environment(server, name, request)), '--',
		...wrapper, path.join(bin, name), ...args];
	const result = await run(probe(), command, { input: body ?? '' });
	return { ...result, ...parse(result.stdout) };
}

/** All rows but those of the tables named; `path` is the installation's folder. */
export async function rows(folder, ...except) {
	const result = await run(probe(), ['dump', path.join(folder, 'database/latchkey.db'), ...except]);
	if (result.code !== 0)
		throw new Error(result.stderr);
	return result.stdout.split('\n').filter(Boolean);
}

export async function sql(folder, statement) {
	const result = await run(probe(), ['sql', path.join(folder, 'database/latchkey.db'), statement]);
	if (result.code !== 0)
		throw new Error(result.stderr);
}
