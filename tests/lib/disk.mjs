// What a disk holds after a power cut: the journal of record_writes.c, replayed up to any point.
import { readFileSync } from 'node:fs';

const SECTOR = 512;

/** The journal as a list of { type, name, tag, offset, data }. */
export function readJournal(file) {
	const bytes = readFileSync(file);
	const events = [];
	for (let at = 0; at < bytes.length;) {
		const end = at + 4 + bytes.readUInt32LE(at);
		const nameEnd = at + 18 + bytes[at + 5];
		events.push({
			type: String.fromCharCode(bytes[at + 4]),
			tag: bytes.readUInt32LE(at + 6),
			offset: Number(bytes.readBigUInt64LE(at + 10)),
			name: bytes.toString('latin1', at + 18, nameEnd),
			data: bytes.subarray(nameEnd, end),
		});
		at = end;
	}
	return events;
}

class File {
	constructor(bytes = Buffer.alloc(0)) {
		this.bytes = Buffer.from(bytes);
		this.length = bytes.length;
	}

	write(offset, data) {
		const end = offset + data.length;
		if (end > this.bytes.length)
			this.bytes = Buffer.concat([this.bytes, Buffer.alloc(Math.max(end, 2 * this.bytes.length) - this.bytes.length)]);
		data.copy(this.bytes, offset);
		this.length = Math.max(this.length, end);
	}

	truncate(length) {
		if (length > this.length)
			this.write(length - 1, Buffer.alloc(1));
		this.bytes.fill(0, length);
		this.length = length;
	}

	copy() {
		return new File(this.bytes.subarray(0, this.length));
	}
}

function apply(file, event) {
	if (event.type === 'w')
		file.write(event.offset, event.data);
	else
		file.truncate(event.offset);
}

/** What a torn write may be: its sectors, each for itself. */
function* pieces(event, size) {
	if (event.type !== 'w') {
		yield event;
		return;
	}
	for (let at = 0; at < event.data.length; at += size)
		yield { ...event, offset: event.offset + at, data: event.data.subarray(at, at + size) };
}

/** How what was never synced meets the cut: each gives the pieces that the disk has. */
export const CUTS = {
	'all of it lost': () => [],
	'all of it there': (pending) => pending,
	'some writes there': (pending) => pending.filter(() => Math.random() < 0.5),
	'torn into pages': (pending) => pending.flatMap((event) => [...pieces(event, 4096)]).filter(() => Math.random() < 0.5),
	'torn into sectors': (pending) => pending.flatMap((event) => [...pieces(event, SECTOR)]).filter(() => Math.random() < 0.7),
};

/**
 * A disk under a folder: for each file what is on it for certain, and what was written since its last sync. Whether a
 * name exists is the folder's own data. `countsSync(event)` false: a disk that ignores this sync.
 */
export class Disk {
	constructor(files, countsSync = () => true) {
		this.files = new Map(Object.entries(files).map(([name, bytes]) => [name, new File(bytes)])); // durable bytes
		this.names = new Set(this.files.keys()); // durable names
		this.pending = new Map(); // name → events since the sync
		this.pendingNames = [];
		this.begun = new Map(); // tag and name → how much of pending the sync covers
		this.countsSync = countsSync;
		this.position = 0;
	}

	#waiting(name) {
		return this.pending.get(name) ?? this.pending.set(name, []).get(name);
	}

	step(event) {
		const key = `${event.tag} ${event.name}`;
		if (event.type === 'c' || event.type === 'u')
			this.pendingNames.push({ ...event, position: this.position });
		else if (event.type === 'w' || event.type === 't')
			this.#waiting(event.name).push({ ...event, position: this.position });
		else if (event.type === 's')
			this.begun.set(key, this.position);
		else if (event.type === 'S' && this.countsSync(event))
			this.#sync(event.name, this.begun.get(key));
		this.position++;
	}

	#sync(name, before) {
		if (name === '') {
			for (const event of this.pendingNames.filter((one) => one.position < before))
				this.#name(this.names, event);
			this.pendingNames = this.pendingNames.filter((one) => one.position >= before);
			return;
		}
		const file = this.files.get(name) ?? this.files.set(name, new File()).get(name);
		for (const event of this.#waiting(name).filter((one) => one.position < before))
			apply(file, event);
		this.pending.set(name, this.#waiting(name).filter((one) => one.position >= before));
	}

	#name(names, event) {
		if (event.type === 'c')
			names.add(event.name);
		else
			names.delete(event.name);
	}

	/** { name: bytes } as a cut leaves it, by one of CUTS. */
	image(cut) {
		const names = new Set(this.names);
		for (const event of cut(this.pendingNames))
			this.#name(names, event);
		return Object.fromEntries([...names].map((name) => {
			const file = this.files.get(name)?.copy() ?? new File();
			for (const event of cut(this.#waiting(name)))
				apply(file, event);
			return [name, file.bytes.subarray(0, file.length)];
		}));
	}
}
