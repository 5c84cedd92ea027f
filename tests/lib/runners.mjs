// Many CGI programs at once, some of them killed: cgi_runner.c, as often as programs shall run at a time.
import { spawn } from 'node:child_process';
import path from 'node:path';

import { cgiAnswer, cgiEnvironment } from './cgi.mjs';
import { compile } from './compile.mjs';
import { formBody } from './http.mjs';
import { ROOT } from './server.mjs';

export const PHASES = ['ended', 'before', 'waiting', 'inside', 'after'];
const FORM = 'application/x-www-form-urlencoded';

/** The program was killed before its answer was complete. */
export class Killed extends Error {}

class Runner {
	constructor(program) {
		this.child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
		this.parts = [];
		this.have = 0;
		this.child.stdout.on('data', (part) => this.#arrived(part));
		this.child.on('close', () => this.pending?.reject(new Error('cgi_runner ended')));
		this.child.stdin.on('error', () => {});
	}

	#arrived(part) {
		this.parts.push(part);
		this.have += part.length;
		if (this.have < 4)
			return;
		const all = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
		this.parts = [all];
		const length = all.readUInt32LE(0);
		if (all.length < 4 + length)
			return;
		const out = all.readUInt32LE(16);
		this.parts = [];
		this.have = 0;
		this.pending.resolve({
			status: all.readInt32LE(4),
			phase: PHASES[all.readUInt32LE(8)],
			microseconds: all.readUInt32LE(12),
			stdout: all.subarray(20, 20 + out),
			stderr: all.subarray(20 + out, 4 + length).toString('utf8'),
		});
	}

	run(killAfter, killFrom, program, environment, body) {
		const texts = [String(killAfter), killFrom, program, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), '', ''].join('\0');
		const head = Buffer.alloc(4);
		const request = Buffer.concat([head, Buffer.from(texts), Buffer.from(body)]);
		request.writeUInt32LE(request.length - 4, 0);
		return new Promise((resolve, reject) => {
			this.pending = { resolve, reject };
			this.child.stdin.write(request);
		});
	}

	stop() {
		const ended = new Promise((resolve) => { this.child.on('close', resolve); });
		this.child.stdin.end();
		return ended;
	}
}

/** An answer is complete when its body has the length that its header says; what was killed earlier gave none. */
function completeAnswer(url, bytes) {
	if (!bytes.includes('\r\n\r\n'))
		return null;
	const answer = cgiAnswer(url, bytes);
	const length = answer.headers['content-length'];
	return length === undefined || answer.bytes.length === Number(length) ? answer : null;
}

export class Runners {
	/** `size`: how many run at a time; `bin`: the folder of the programs; `more`: variables for all of them. */
	constructor(server, size, { bin = path.join(ROOT, 'build/cgi-bin'), more = {} } = {}) {
		const program = compile('cgi_runner');
		this.server = server;
		this.bin = bin;
		this.more = more;
		this.all = Array.from({ length: size }, () => new Runner(program));
		this.idle = [...this.all];
		this.queue = [];
	}

	/**
	 * killAfter: microseconds until SIGKILL, counted from the program's start, from when it holds the lock of writers ('lock'), or no more ('release').
	 * One request: { answer: null if it was killed before it had answered, phase, microseconds }.
	 * Throws when a program ended badly by itself.
	 */
	async run(url, { method = 'GET', form, body, headers = {}, killAfter = -1, killFrom = 'start', more = {} } = {}) {
		const target = new URL(url);
		const name = target.pathname.replace(/^\/cgi-bin\//, '');
		const text = form === undefined ? body ?? '' : formBody(form);
		const isForm = form !== undefined;
		const environment = cgiEnvironment(this.server, {
			method: isForm ? 'POST' : method, query: target.search.slice(1), name,
			headers: isForm ? { 'Content-Type': FORM, ...headers } : headers,
			length: isForm || body !== undefined ? Buffer.byteLength(text) : undefined,
			more: { ...this.more, ...more },
		});
		const runner = this.idle.pop() ?? await new Promise((resolve) => { this.queue.push(resolve); });
		const result = await runner.run(Math.round(killAfter), killFrom, path.join(this.bin, name), environment, text);
		const next = this.queue.shift();
		if (next)
			next(runner);
		else
			this.idle.push(runner);
		if (result.phase === 'ended' && result.status !== 0)
			throw new Error(`${name} ended with wait status ${result.status}:\n${result.stderr}`);
		return { ...result, name, answer: completeAnswer(target, result.stdout) };
	}

	async stop() {
		await Promise.all(this.all.map((runner) => runner.stop()));
	}
}
