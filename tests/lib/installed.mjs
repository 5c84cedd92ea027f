// A Latchkey that was installed, and its example of a lighttpd configuration: nothing of the source tree is used.
import { readFileSync, readdirSync, lstatSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { request } from './http.mjs';
import { run, start } from './process.mjs';
import { Server } from './server.mjs';
import { until } from './wait.mjs';

/** Every file and folder below `folder`: { path (relative), mode (permission bits), kind, uid }, sorted. */
export function tree(folder, below = '') {
	return readdirSync(path.join(folder, below)).sort().flatMap((name) => {
		const relative = path.join(below, name);
		const status = lstatSync(path.join(folder, relative));
		const kind = status.isDirectory() ? 'folder' : status.isFile() ? 'file' : status.isFIFO() ? 'fifo' : 'other';
		const entry = { path: relative, mode: status.mode & 0o7777, kind, uid: status.uid };
		return kind === 'folder' ? [entry, ...tree(folder, relative)] : [entry];
	});
}

const hasIpv6 = () => {
	try {
		return /^0{31}1 /m.test(readFileSync('/proc/net/if_inet6', 'utf8'));
	} catch {
		return false;
	}
};

/** The text of the installed lighttpd.conf with some of its variables set, as its own comment tells the operator to. */
export function lighttpdConfiguration(text, variables) {
	for (const [name, value] of Object.entries(variables)) {
		const line = new RegExp(`^var\\.${name} = .*$`, 'm');
		if (!line.test(text))
			throw new Error(`lighttpd.conf has no variable ${name}`);
		text = text.replace(line, () => `var.${name} = ${typeof value === 'number' ? value : `"${value}"`}`);
	}
	return hasIpv6() ? text : text.replace(/^# begin IPv6[^]*?^# end IPv6.*$/m, '');
}

export class Installed extends Server {
	/** command: how the installed `latchkey` is called: [program, ...arguments]. */
	constructor(directory, port, command) {
		super(directory, port);
		this.command = command;
	}

	async latchkey(args, { input = '', fails = false } = {}) {
		const result = await run(this.command[0], [...this.command.slice(1), ...args], { input, env: this.environment, cwd: '/' });
		if (result.code !== 0 && !fails)
			throw new Error(`latchkey ${args.join(' ')}: ${result.code}: ${result.stderr || result.stdout}`);
		return result;
	}

	/** Starts lighttpd by [program, ...arguments], and waits for it. */
	async serveBy([program, ...args], options = {}) {
		this.service = start(program, args, { cwd: '/', ...options });
		await until(`${this.issuer} answers`, async () => this.service.over
			|| (await request(`${this.issuer}/.well-known/openid-configuration`).catch(() => ({}))).status === 200)
			.catch((error) => {
				throw new Error(`${error.message}\n${this.service.output()}`);
			});
		if (this.service.over)
			throw new Error(`lighttpd ended:\n${this.service.output()}`);
	}
}

/** What a test may set, so that a sign-in costs next to nothing. */
export const CHEAP = { argon2_memory_kib: 8, argon2_iterations: 1 };

export async function writeConfiguration(file, text, variables) {
	await writeFile(file, lighttpdConfiguration(text, variables));
}
