/* Making a passkey in the browser, between the actions `begin` and `register` of account/passkeys. */

function toBytes(text) {
	const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function toText(bytes) {
	const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
	return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/* Browsers before 2025 cannot read the JSON form by themselves. */
function decode(options) {
	if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(options);
	return {
		...options,
		challenge: toBytes(options.challenge),
		user: { ...options.user, id: toBytes(options.user.id) },
		excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: toBytes(one.id) })),
	};
}

export const isPossible = () => Boolean(window.PublicKeyCredential && navigator.credentials?.create);

/**
 * Asks the user's device for a passkey. `options`: as `begin` gave them. Gives the members for `register`, but for the name.
 * Throws what the browser throws: NotAllowedError if the user cancelled it, InvalidStateError if the device has one already.
 */
export async function create(options) {
	const { response } = await navigator.credentials.create({ publicKey: decode(options) });
	return {
		attestation_object: toText(response.attestationObject),
		client_data: toText(response.clientDataJSON),
		transports: response.getTransports?.() ?? [],
	};
}
