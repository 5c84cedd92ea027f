// Requests that no HTTP library would send, byte by byte.
import net from 'node:net';

function parse(bytes) {
	const end = bytes.indexOf('\r\n\r\n');
	if (end < 0)
		return { status: 0, headers: {}, text: bytes.toString('latin1') };
	const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
	const headers = {};
	for (const line of lines) {
		const name = line.slice(0, line.indexOf(':')).toLowerCase();
		const value = line.slice(line.indexOf(':') + 1).trim();
		headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
	}
	return { status: Number(first.split(' ')[1]), headers, text: bytes.subarray(end + 4).toString('latin1') };
}

/** Sends lines (an array, ended by an empty one) or text and reads until the server closes; status 0: it closed without an answer. */
export function sendRaw(server, request, { body = '' } = {}) {
	const head = Array.isArray(request) ? `${request.join('\r\n')}\r\n\r\n` : request;
	return new Promise((resolve, reject) => {
		const socket = net.connect(server.port, '127.0.0.1', () => socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body, 'latin1')])));
		const parts = [];
		const done = () => resolve(parse(Buffer.concat(parts)));
		socket.setTimeout(30000, () => socket.destroy(new Error(`no answer to ${head.slice(0, 200)}`)));
		socket.on('data', (part) => parts.push(part));
		socket.on('end', () => socket.end());
		socket.on('close', done);
		socket.on('error', (error) => (['ECONNRESET', 'EPIPE'].includes(error.code) ? done() : reject(error)));
	});
}

/** Sends the beginning of a request and goes away. */
export function sendAndLeave(server, text) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text, () => {
			socket.resetAndDestroy();
			resolve();
		}));
		socket.on('error', (error) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
	});
}
