/* Signing in by passkey: shows the button where the browser can, and offers passkeys among the user names where it can that, too. */

function toBytes(text) {
	const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function toText(bytes) {
	const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
	return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const form = document.getElementById('passkey');
const status = document.getElementById('passkey-status');
let waiting; /* for a passkey chosen among the user names */

function send({ rawId, response }) {
	const stay = document.getElementById('stay');
	const fields = {
		credential_id: toText(rawId),
		authenticator_data: toText(response.authenticatorData),
		client_data: toText(response.clientDataJSON),
		signature: toText(response.signature),
		user_handle: response.userHandle ? toText(response.userHandle) : '',
		stay: stay && stay.checked ? '1' : '',
	};
	for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
	form.submit();
}

function ask(more) {
	return navigator.credentials.get({
		...more,
		publicKey: { challenge: toBytes(form.dataset.challenge), rpId: form.dataset.rpId, userVerification: 'required', timeout: 300000 },
	});
}

async function offerAmongNames() {
	if (!document.querySelector('input[autocomplete~="webauthn"]')) return;
	if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
	waiting = new AbortController();
	try {
		send(await ask({ mediation: 'conditional', signal: waiting.signal }));
	} catch {
		/* Nobody chose one, or the button was used instead. */
	}
}

async function offerAtOnce(button) {
	waiting?.abort();
	status.textContent = '';
	button.disabled = true;
	try {
		send(await ask({}));
	} catch {
		status.textContent = status.dataset.cancelled;
		button.disabled = false;
		button.focus();
		offerAmongNames();
	}
}

if (form && window.PublicKeyCredential && navigator.credentials?.get) {
	const button = form.querySelector('button');
	button.addEventListener('click', () => offerAtOnce(button));
	/* Back from the next page, out of the browser's cache. */
	window.addEventListener('pageshow', () => { button.disabled = false; });
	form.hidden = false;
	offerAmongNames();
}
