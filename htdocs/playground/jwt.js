/* Signed tokens (RFC 7515, RFC 7519) and PKCE (RFC 7636), with nothing but the browser's own WebCrypto. */

const LEEWAY_SECONDS = 60; /* clocks differ */

export function base64url(bytes) {
	return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64url(text) {
	if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error('not base64url');
	return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

/* 256 random bits: state, nonce, code_verifier. */
export function randomText() {
	return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function sha256(text) {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

export async function challengeOf(verifier) {
	return base64url(await sha256(verifier));
}

/* { header, payload }, or null where the token is not a JWT. It says nothing about who made it. */
export function decode(token) {
	try {
		const parts = token.split('.');
		if (parts.length !== 3) return null;
		const read = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(part)));
		return { header: read(parts[0]), payload: read(parts[1]) };
	} catch {
		return null;
	}
}

/* Only RS256: a client decides itself which algorithms it takes, never the token (RFC 8725 3.1). */
async function signatureIsValid(token, jwk) {
	const [header, payload, signature] = token.split('.');
	const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
	const key = await crypto.subtle.importKey('jwk', { kty: jwk.kty, n: jwk.n, e: jwk.e, ext: true }, algorithm, false, ['verify']);
	return crypto.subtle.verify(algorithm, key, fromBase64url(signature), new TextEncoder().encode(`${header}.${payload}`));
}

async function checkSignature(token, header, jwks) {
	const key = (jwks.keys ?? []).find((candidate) => candidate.kid === header.kid && candidate.kty === 'RSA');
	if (!key) return { ok: false, found: `no RSA key with kid ${header.kid} at jwks_uri` };
	try {
		return { ok: await signatureIsValid(token, key), found: `key ${header.kid}, ${header.alg}` };
	} catch (error) {
		return { ok: false, found: String(error) };
	}
}

async function checkAtHash(payload, accessToken) {
	const name = 'at_hash';
	if (payload.at_hash === undefined) return { name, ok: true, text: 'is absent, which is allowed with this flow' };
	const expected = base64url((await sha256(accessToken)).slice(0, 16));
	return { name, ok: payload.at_hash === expected, text: 'is the left half of the access token\'s SHA-256: the two belong together',
		found: `${payload.at_hash}, computed ${expected}` };
}

/* A claim that was asked for and must be as old as allowed, no older. */
function checkAuthTime(payload, maxAge, now) {
	return { name: 'auth_time', ok: Number.isInteger(payload.auth_time) && payload.auth_time + maxAge + LEEWAY_SECONDS >= now,
		text: `is at most ${maxAge} seconds ago, as max_age asked`, found: time(payload.auth_time) };
}

export function time(seconds) {
	return Number.isInteger(seconds) ? `${seconds}, that is ${new Date(seconds * 1000).toLocaleString()}` : String(seconds);
}

/* All that OpenID Connect Core 3.1.3.7 asks for. `expected`: issuer, clientId, nonce, maxAge, accessToken. */
export async function checkIdToken(token, jwks, expected) {
	const { header, payload } = decode(token);
	const now = Math.floor(Date.now() / 1000);
	const audiences = [payload.aud].flat();
	const signature = await checkSignature(token, header, jwks);
	const list = [
		{ name: 'alg', ok: header.alg === 'RS256', text: 'is the algorithm that this client takes, and not "none"', found: header.alg },
		{ name: 'signature', ok: header.alg === 'RS256' && signature.ok, text: 'was made by a key of this server, found in jwks_uri by its kid',
			found: signature.found },
		{ name: 'iss', ok: payload.iss === expected.issuer, text: 'is the issuer of the discovery document, to the byte', found: payload.iss },
		{ name: 'aud', ok: audiences.includes(expected.clientId) && audiences.length === 1, text: 'is this client and nobody else',
			found: audiences.join(', ') },
		{ name: 'azp', ok: payload.azp === undefined || payload.azp === expected.clientId, text: 'is this client, or absent',
			found: payload.azp ?? 'absent' },
		{ name: 'exp', ok: payload.exp > now - LEEWAY_SECONDS, text: 'is in the future', found: time(payload.exp) },
		{ name: 'iat', ok: Math.abs(payload.iat - now) < 600, text: 'is about now', found: time(payload.iat) },
		{ name: 'nonce', ok: payload.nonce === expected.nonce, text: 'is the one that was sent: the token answers this request',
			found: payload.nonce },
		await checkAtHash(payload, expected.accessToken),
	];
	if (expected.maxAge !== undefined) list.push(checkAuthTime(payload, expected.maxAge, now));
	return list;
}
