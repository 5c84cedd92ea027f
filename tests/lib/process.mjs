// Child processes that never outlive the test that started them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const running = new Set();

process.on('exit', () => {
	for (const child of running)
		child.kill('SIGTERM');
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
	process.on(signal, () => process.exit(1));

export function childrenOf(pid) {
	try {
		return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
	} catch {
		return [];
	}
}

function describe(pid) {
	return [pid, ...childrenOf(pid)].map((one) => {
		try {
			const status = readFileSync(`/proc/${one}/status`, 'utf8').split('\n').filter((line) => /^(Name|State|Sig|Shd)/.test(line)).join(' ');
			return `${one}: ${status} in ${readFileSync(`/proc/${one}/wchan`, 'utf8')}`;
		} catch (error) {
			return `${one}: ${error.message}`;
		}
	}).join('\n').replaceAll('\t', ' ');
}

/** Starts a program that stays: `output()` is what it printed so far, `stop()` ends it and waits. */
export function start(command, args, options = {}) {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
	const parts = [];
	const ended = new Promise((resolve) => {
		child.on('error', (error) => {
			parts.push(Buffer.from(String(error)));
			resolve(error);
		});
		child.on('close', (code, signal) => resolve(signal ?? code));
	});
	running.add(child);
	const service = { child, ended, over: false };
	ended.then(() => {
		running.delete(child);
		service.over = true;
	});
	child.stdout?.on('data', (part) => parts.push(part));
	child.stderr?.on('data', (part) => parts.push(part));
	service.output = () => Buffer.concat(parts).toString('utf8');
	service.stop = async () => {
		if (service.over)
			return;
		child.kill('SIGTERM');
		let late = '';
		const timer = setTimeout(() => {
			late = describe(child.pid);
			for (const pid of [...childrenOf(child.pid), child.pid]) {
				try {
					process.kill(pid, 'SIGKILL');
				} catch {
					late += `\n${pid} has gone, but something else holds its output open`;
				}
			}
		}, 10000);
		await ended;
		clearTimeout(timer);
		if (late)
			throw new Error(`${command} did not end on SIGTERM: ${late}\n${service.output()}`);
	};
	return service;
}

/** Runs a program to its end; `input` is its standard input. */
export function run(command, args, { input = '', ...options } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
		const out = [];
		const err = [];
		child.on('error', reject);
		child.stdout.on('data', (part) => out.push(part));
		child.stderr.on('data', (part) => err.push(part));
		child.stdin.on('error', () => {}); // it need not read its input
		child.on('close', (code, signal) => resolve({
			code: signal ?? code,
			stdout: Buffer.concat(out).toString('utf8'),
			stderr: Buffer.concat(err).toString('utf8'),
		}));
		child.stdin.end(input);
	});
}

function bindable(port, host) {
	return new Promise((resolve) => {
		const probe = net.createServer();
		probe.once('error', (error) => resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'));
		probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
	});
}

/** A port that nobody listens on, below those that the kernel gives to outgoing connections. */
export async function freePort() {
	for (let tries = 0; tries < 200; tries++) {
		const port = 10000 + Math.floor(Math.random() * 20000);
		if (await bindable(port, '127.0.0.1') && await bindable(port, '::1'))
			return port;
	}
	throw new Error('no free port');
}
