// A Latchkey of its own for a test: a new installation in a temporary folder, served by scripts/serve.
import { chown, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort, run } from './process.mjs';
import { request } from './http.mjs';
import { until } from './wait.mjs';
import { launch } from './web_servers.mjs';

export const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');

// Tests sign in hundreds of times: the cheapest Argon2id, and no limits unless the test is about them.
const CONFIG = {
	argon2_memory_kib: 8,
	argon2_iterations: 1,
	login_limit_account: 0,
	login_limit_address: 0,
	signup_limit_address: 0,
	flow_limit_address: 0,
	log_level: 'debug',
};

export const PASSWORD = 'correct horse battery staple';

export const ALICE = {
	username: 'alice',
	password: PASSWORD,
	claims: {
		name: 'Alice Example',
		given_name: 'Alice',
		family_name: 'Example',
		locale: 'de-AT',
		updated_at: 1700000000,
		email: 'alice@example.org',
		email_verified: true,
		phone_number: '+43 1 234567',
		phone_number_verified: false,
		address: { street_address: 'Ring 1', locality: 'Wien', country: 'Austria' },
	},
};

export const BOB = { username: 'bob', password: 'another long enough password', claims: { name: 'Bob "<Öx>" O\'Neil', email: 'bob@example.org' } };

let configurations = 0;

export class Server {
	constructor(directory, port, { host = 'localhost', base = '', webServer } = {}) {
		this.directory = directory;
		this.port = port;
		this.webServer = webServer;
		this.issuer = `http://${host}:${port}${base}`;
		this.config = path.join(directory, 'latchkey.conf');
		this.clients = {};
		this.users = {};
		this.environment = { ...process.env, LATCHKEY_CONFIG: this.config };
	}

	/** The CLI. Throws when it fails, unless `fails` is set. */
	async latchkey(args, { input = '', fails = false } = {}) {
		const result = await run(path.join(ROOT, 'build/bin/latchkey'), args, { input, env: this.environment });
		if (result.code !== 0 && !fails)
			throw new Error(`latchkey ${args.join(' ')}: ${result.code}: ${result.stderr || result.stdout}`);
		return result;
	}

	/** Registers RFC 7591 metadata; what the server answered is kept in `clients` by the client's name. */
	async addClient(metadata) {
		const { stdout } = await this.latchkey(['client', 'add', '--json', '--metadata', '-'], { input: JSON.stringify(metadata) });
		const client = { ...metadata, ...JSON.parse(stdout) };
		this.clients[metadata.client_name ?? client.client_id] = client;
		return client;
	}

	async addUser({ username, password, email, claims }) {
		const args = ['user', 'add', username, '--password-stdin', '--json'];
		if (email)
			args.push('--email', email);
		if (claims) {
			const file = path.join(this.directory, `claims-${username}.json`);
			await writeFile(file, JSON.stringify(claims));
			args.push('--claims', file);
		}
		await this.latchkey(args, { input: `${password}\n` });
		this.users[username] = { username, password };
	}

	/** Sets keys of the configuration, each once, whatever the file says already. */
	async configure(settings) {
		const lines = (await readFile(this.config, 'utf8')).split('\n')
			.filter((line) => !Object.hasOwn(settings, line.split('=')[0].trim()));
		for (const [key, value] of Object.entries(settings))
			lines.push(`${key} = ${value}`);
		// Moved into place, as an operator's editor does: a request in the middle must not read half a file.
		const { mode, uid, gid } = await stat(this.config);
		const fresh = `${this.config}.${process.pid}.${++configurations}`;
		await writeFile(fresh, `${lines.join('\n').replace(/\n+$/, '')}\n`, { mode });
		await chown(fresh, uid, gid);
		await rename(fresh, this.config);
	}

	url(endpoint, parameters) {
		const url = new URL(`${this.issuer}/cgi-bin/${endpoint}`);
		if (parameters)
			url.search = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
		return url;
	}

	/** What the server logged so far: { time, program, pid, request, level, text } a line. */
	async log() {
		const text = await readFile(path.join(this.directory, 'latchkey.log'), 'utf8').catch(() => '');
		return text.split('\n').filter(Boolean).map((line) => {
			const parts = /^(\S+) ([\w/-]+)\[(\d+)\](?: ([0-9a-f]{16}|-))? (error|warning|info|debug): (.*)$/.exec(line);
			if (!parts)
				return { text: line };
			const [, time, program, pid, id, level, message] = parts;
			return { time, program, pid: Number(pid), request: id, level, text: message };
		});
	}

	/** Waits until no endpoint is at work any more: what a cut line left behind has ended, too. */
	async quiet() {
		await this.service.quiet();
	}

	async serve() {
		this.service = await launch(this, this.webServer);
		await until(`${this.issuer} answers`, async () => {
			if (this.service.over)
				return true;
			return (await request(`${this.issuer}/.well-known/openid-configuration`, { ca: this.ca })).status === 200;
		}).catch((error) => {
			throw new Error(`${error.message}\n${this.service.output()}`);
		});
		if (this.service.over)
			throw new Error(`the web server ended:\n${this.service.output()}`);
	}

	/** Ends it; the log must not have told of an error (`errors: true`: the test was about errors). */
	async stop({ errors = false } = {}) {
		await this.service?.stop();
		const bad = (await this.log()).filter((line) => line.level === 'error');
		const output = this.service?.output() ?? '';
		await rm(this.directory, { recursive: true, force: true });
		if (!errors && bad.length > 0)
			throw new Error(`the server logged errors:\n${bad.map((line) => `${line.program}: ${line.text}`).join('\n')}`);
		if (/Sanitizer|runtime error:/.test(output))
			throw new Error(output);
	}
}

/** A new installation, not served. settings: keys of latchkey.conf; host and base ("/id"): of the issuer, or issuer: all of it, of a proxy in front; webServer: see web_servers.mjs. */
export async function install({ host, base, issuer, webServer, settings = {}, clients = [], users = [ALICE, BOB], signup = false } = {}) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-test-'));
	const port = await freePort();
	const server = new Server(folder, port, { host, base, webServer });
	server.issuer = issuer ?? server.issuer;
	try {
		await server.latchkey(['init', '--directory', folder, '--issuer', server.issuer]);
		await server.configure({
			...CONFIG, log_file: path.join(folder, 'latchkey.log'), signup: signup ? 'on' : 'off', ...settings,
		});
		for (const user of users)
			await server.addUser(user);
		for (const client of clients)
			await server.addClient(client);
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
	return server;
}

export async function startServer(options) {
	const server = await install(options);
	try {
		await server.serve();
	} catch (error) {
		await server.service?.stop();
		await rm(server.directory, { recursive: true, force: true });
		throw error;
	}
	return server;
}
