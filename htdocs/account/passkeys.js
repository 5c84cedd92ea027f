/* Passkeys: added, named, removed. */
import { post } from './api.js';
import { create, isPossible } from './passkeys_browser.js';
import { announce, ask, button, element, facts, field, panel, paragraph, time } from './ui.js';

const REFUSED = {
	InvalidStateError: 'This device has a passkey for your account already.',
	NotAllowedError: 'Nothing was added: it was cancelled, or it took too long.',
	SecurityError: 'Your browser refuses to make a passkey for this address.',
};

const nameField = (value) => field({ name: 'name', label: 'Name', value, maxlength: 100, required: true, autocomplete: 'off', hint: 'So that you know it again: “Laptop” or “Blue key”.' });

async function make(options) {
	try {
		return await create(options);
	} catch (error) {
		throw Object.assign(new Error(REFUSED[error.name] ?? `Your browser could not make a passkey (${error.name}).`), { told: true });
	}
}

export function addPasskey({ isFresh, reload }) {
	const intent = { name: 'passkey' };
	if (!isFresh(intent)) return;
	const name = nameField('');
	ask({
		title: 'Add a passkey',
		content: [paragraph('Your device keeps it and asks for your fingerprint, face or PIN. With it you sign in without a password.'), name.node],
		confirm: 'Continue',
		fields: { name },
		intent,
		work: async () => {
			const { options } = await post('passkeys', { action: 'begin' });
			await post('passkeys', { action: 'register', name: name.input.value.trim(), ...await make(options) });
			await reload({ focus: 'passkeys-title' });
			announce('The passkey is added.');
		},
	});
}

function rename({ isFresh, reload }, one) {
	if (!isFresh({ name: 'passkeys' })) return;
	const name = nameField(one.name);
	ask({
		title: 'Rename the passkey',
		content: [name.node],
		confirm: 'Rename',
		fields: { name },
		intent: { name: 'passkeys' },
		work: async () => {
			await post('passkeys', { action: 'rename', id: one.id, name: name.input.value.trim() });
			await reload({ focus: 'passkeys-title' });
			announce('The passkey is renamed.');
		},
	});
}

function remove({ isFresh, reload }, one) {
	if (!isFresh({ name: 'passkeys' })) return;
	ask({
		title: `Remove the passkey ${one.name}?`,
		content: [paragraph('It does not sign you in any more. Your device may still offer it: remove it there as well.')],
		confirm: 'Remove the passkey',
		danger: true,
		intent: { name: 'passkeys' },
		work: async () => {
			await post('passkeys', { action: 'remove', id: one.id });
			await reload({ focus: 'passkeys-title' });
			announce(`The passkey ${one.name} is removed.`);
		},
	});
}

const row = (context, one) => element('li', { class: 'row', 'data-passkey': one.id },
	element('div', { class: 'what' }, element('h3', {}, one.name, ' ', one.backed_up && element('span', { class: 'tag' }, 'in several devices')),
		facts([['Added', time(one.created_at)], ['Last used', time(one.last_used_at)]])),
	element('div', { class: 'pair' }, button('Rename', () => rename(context, one), { 'aria-label': `Rename the passkey ${one.name}` }),
		button('Remove', () => remove(context, one), { 'aria-label': `Remove the passkey ${one.name}` })));

export function passkeysPanel(context, keys) {
	const able = context.account.passkeys_possible && isPossible();
	return panel('passkeys', 'Passkeys',
		keys.length > 0 ? element('ul', { class: 'rows', 'aria-label': 'Your passkeys' }, keys.map((one) => row(context, one)))
			: paragraph('A passkey signs you in with the fingerprint, face or PIN of your device, without a password. You have none yet.'),
		able ? element('div', { class: 'actions' }, button('Add a passkey', () => addPasskey(context), { id: 'add-passkey', class: 'button primary' }))
			: paragraph(context.account.passkeys_possible ? 'This browser cannot make passkeys.' : 'This server cannot have passkeys: for that its address needs a name and https.', 'hint'));
}
