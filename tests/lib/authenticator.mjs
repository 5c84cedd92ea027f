// A passkey (WebAuthn 2) in software, for flows without a browser: ES256, one credential, its user always verified.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const header = (major, length) => Buffer.from(length < 24 ? [(major << 5) | length] : length < 256 ? [(major << 5) | 24, length] : [(major << 5) | 25, length >> 8, length & 255]);
const cborText = (text) => Buffer.concat([header(3, Buffer.byteLength(text)), Buffer.from(text)]);
const cborBytes = (bytes) => Buffer.concat([header(2, bytes.length), bytes]);

export class Authenticator {
	constructor(origin, rpId) {
		Object.assign(this, { origin, rpId, id: randomBytes(32), count: 0 });
		// Read in anew: Node 20 can wait for itself for ever when it collects the job that made a key while that key is exported.
		const made = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' },
			privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
		this.keys = { publicKey: createPublicKey(made.publicKey), privateKey: createPrivateKey(made.privateKey) };
	}

	clientData(type, challenge) {
		return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
	}

	/** User present and verified; `more` is the attested credential. */
	data(flags, more = Buffer.alloc(0)) {
		const counter = Buffer.alloc(4);
		counter.writeUInt32BE(++this.count);
		return Buffer.concat([sha256(this.rpId), Buffer.from([flags]), counter, more]);
	}

	/** Fields of `action: register` of account/passkeys. */
	create({ challenge, user }) {
		this.userHandle = user.id;
		const { x, y } = this.keys.publicKey.export({ format: 'jwk' });
		const key = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'), Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')]);
		const length = Buffer.from([0, this.id.length]);
		const data = this.data(0x45, Buffer.concat([Buffer.alloc(16), length, this.id, key]));
		const attestation = Buffer.concat([header(5, 3), cborText('fmt'), cborText('none'), cborText('attStmt'), header(5, 0), cborText('authData'), cborBytes(data)]);
		return {
			attestation_object: attestation.toString('base64url'),
			client_data: this.clientData('webauthn.create', challenge).toString('base64url'),
			transports: ['internal'],
		};
	}

	/** Fields of the form of the sign-in page. */
	get(challenge) {
		const [data, client] = [this.data(0x05), this.clientData('webauthn.get', challenge)];
		return {
			credential_id: this.id.toString('base64url'),
			authenticator_data: data.toString('base64url'),
			client_data: client.toString('base64url'),
			signature: sign('sha256', Buffer.concat([data, sha256(client)]), this.keys.privateKey).toString('base64url'),
			user_handle: this.userHandle,
		};
	}
}
