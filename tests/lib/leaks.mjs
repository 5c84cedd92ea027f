// Looking for secrets where none may be: in the raw bytes of the database, in the log, in what the server printed, in the audit log.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { run } from './process.mjs';

const read = (file) => readFile(file).catch((error) => {
	if (error.code !== 'ENOENT') // SQLite removes its -wal and -shm by itself
		throw error;
	return Buffer.alloc(0);
});

/** Base64 of bytes that may stand anywhere in longer ones: without the letters that their neighbours share, in both alphabets. */
function base64Forms(bytes) {
	return [0, 1, 2].flatMap((before) => {
		const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replaceAll('=', '');
		const whole = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
		return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
	});
}

/** All forms of a secret, given as its text or its bytes. */
export function formsOf(secret) {
	const texts = [];
	const all = [];
	if (typeof secret === 'string') {
		texts.push(secret, encodeURIComponent(secret), String(new URLSearchParams([['', secret]])).slice(1));
		if (/^[\w-]{22,}$/.test(secret)) // 128 random bits and more are written in base64url everywhere
			all.push(Buffer.from(secret, 'base64url'));
	}
	all.push(Buffer.from(secret));
	for (const bytes of [...all])
		texts.push(bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64Forms(bytes));
	const forms = new Map([...all, ...texts.map((text) => Buffer.from(text))].map((form) => [form.toString('latin1'), form]));
	return [...forms.values()];
}

export class Places {
	constructor(server) {
		this.server = server;
		this.database = new Map(); // what the files were at some time: a later page may lie over an earlier one
	}

	/** Keeps the bytes of every file below DIR/database as they are now. */
	async keep() {
		const folder = path.join(this.server.directory, 'database');
		for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
			const file = path.join(entry.parentPath ?? entry.path, entry.name);
			if (entry.isFile())
				this.database.set(`${path.relative(folder, file)} (${this.database.size})`, await read(file));
		}
	}

	/** name: bytes of everything that is searched. */
	async all() {
		await this.keep();
		return new Map([
			...this.database,
			['log', await read(path.join(this.server.directory, 'latchkey.log'))],
			['output', Buffer.from(this.server.service.output())],
			['audit', Buffer.from((await this.server.latchkey(['audit', '--json'])).stdout)],
		]);
	}
}

/** The names of the files where a secret stands in any form. */
export function placesOf(secret, places) {
	const forms = formsOf(secret);
	const found = [...places].filter(([, bytes]) => forms.some((form) => bytes.includes(form))).map(([name]) => name.replace(/ .*/, ''));
	return [...new Set(found)];
}

/** The lines of a text with that number as a word of its own: digits within a longer word may be there by chance. */
export const linesWithWord = (word, lines) => lines.filter((line) => new RegExp(`(?<![\\w.])${word}(?![\\w])`).test(line));

/** Every row of every table as a line, its columns as SQL literals with bars between. */
export async function dump(server) {
	const { code, stdout, stderr } = await run('sqlite3', ['-cmd', '.timeout 10000', path.join(server.directory, 'database/latchkey.db'), '.mode quote', '.dump']);
	if (code !== 0)
		throw new Error(stderr);
	return stdout.split('\n');
}
