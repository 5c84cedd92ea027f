// An authenticator app (RFC 6238), apart from the server's own code.
import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function fromBase32(text) {
	let bits = 0;
	let held = 0;
	const bytes = [];
	for (const letter of text.replaceAll(/[\s=]/g, '')) {
		held = (held << 5) | ALPHABET.indexOf(letter);
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			bytes.push((held >> bits) & 0xff);
			held &= (1 << bits) - 1;
		}
	}
	return Buffer.from(bytes);
}

/** The code of a seed in base32, `steps` of half a minute from now. */
export function totp(seed, steps = 0) {
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
	const mac = createHmac('sha1', fromBase32(seed)).update(counter).digest();
	const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
	return String(number % 1000000).padStart(6, '0');
}
