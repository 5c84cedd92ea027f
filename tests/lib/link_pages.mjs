// The pages of links by mail, of invitations and of the second factor, come to as their people come to them: by forms alone.
import { authorization } from './client.mjs';
import { waitForMail } from './mail.mjs';
import { PASSWORD } from './server.mjs';
import { sql } from './tokens.mjs';
import { totp } from './totp.mjs';

const NEW_PASSWORD = 'seventeen brown umbrellas';
const SUBMIT = 'main form button.primary[type=submit]';
const FIRST = 'main form .primary, main .buttons a.button';
let people = 0;

export const mouse = {
	fill: (page, selector, text) => page.locator(selector).fill(text),
	press: (page, selector) => page.locator(selector).first().click(),
};

/** Whoever has no mouse: what they want must be reached by Tab, and seen to be. */
export const keyboard = {
	async fill(page, selector, text) {
		await tabTo(page, selector);
		await page.keyboard.press('ControlOrMeta+A');
		await page.keyboard.type(text);
	},
	async press(page, selector) {
		await tabTo(page, selector);
		await page.keyboard.press('Enter');
	},
};

async function tabTo(page, selector) {
	const wanted = await page.locator(selector).first().elementHandle();
	for (let presses = 0; presses < 30; presses++) {
		if (await wanted.evaluate((element) => element === document.activeElement)) {
			if (await focusIsSeen(page))
				return;
			throw new Error(`the focus is not visible on ${selector}`);
		}
		await page.keyboard.press('Tab');
	}
	throw new Error(`${selector} is not reached by Tab`);
}

export const focusIsSeen = (page) => page.evaluate(() => {
	const style = getComputedStyle(document.activeElement);
	return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
});

class Visit {
	constructor(server, context, page, hand) {
		Object.assign(this, { server, context, page, hand });
	}

	/** A browser that nobody used; away from a page first that would still ask for something as who was signed in. */
	async forget() {
		await this.page.goto('about:blank');
		await this.context.clearCookies();
	}

	/** Fills fields by their name, sends the form, and is there when `heading` is. */
	async send(fields, heading) {
		for (const [name, value] of Object.entries(fields))
			await this.hand.fill(this.page, `main form:not([hidden]) input[name=${name}]`, value);
		await this.hand.press(this.page, SUBMIT);
		await this.at(heading);
	}

	async at(heading) {
		if (heading)
			await this.page.getByRole('heading', { level: 1, name: heading }).waitFor();
	}

	async open(url, heading) {
		await this.page.goto(String(url));
		await this.at(heading);
	}

	async mailed(to, kind, heading) {
		const { link } = await waitForMail(this.server, to, kind);
		await this.open(link, heading);
	}

	/** To an application that asks for two factors, as far as the page after the password. */
	async signIn(username, password, heading) {
		await this.forget();
		await this.open(authorization(this.server, this.server.clients['Photo Book'], { acr_values: 'aal2' }).url, 'Sign in');
		await this.send({ username, password }, heading);
	}
}

async function* invitationPages(visit, person) {
	const { server } = visit;
	await server.configure({ signup: 'invitation' });
	await visit.open(server.url('signup'), 'invitation');
	yield 'signup-refused';
	await visit.open(server.url('signup', { invitation: 'A'.repeat(43) }), 'invitation');
	yield 'invitation-ended';
	const { stdout } = await server.latchkey(['invitation', 'add', '--json', '--email', person.email]);
	await visit.open(JSON.parse(stdout).url, 'Create');
	yield 'signup-invited';
	await visit.send({ username: person.username, password: PASSWORD });
	await visit.page.waitForURL(/\/account\//);
	await server.configure({ signup: 'on' });
}

async function* addressPages(visit) {
	const { server } = visit;
	await visit.forget();
	await server.configure({ signup_domains: 'example.org example.com' });
	await visit.open(server.url('signup'), 'Create');
	yield 'signup-address';
	await visit.send({ email: 'somebody@example.net' });
	await visit.page.getByRole('alert').waitFor();
	yield 'signup-address-failed';
	await visit.send({ email: `newcomer${people}@example.org` }, 'Look into your mail');
	yield 'signup-address-sent';
	await visit.mailed(`newcomer${people}@example.org`, 'signup', 'Create');
	yield 'signup-proven';
	await server.configure({ signup_domains: '' });
	await visit.open(server.url('signup', { invitation: 'A'.repeat(43) }), 'This link has ended');
	yield 'signup-link-ended';
}

async function* emailPages(visit, person) {
	await visit.forget();
	await visit.open(visit.server.url('signup'), 'Create');
	await visit.send({ username: person.username, password: PASSWORD, email: person.email });
	await visit.page.waitForURL(/\/account\//);
	await visit.mailed(person.email, 'verify_email');
	const link = visit.page.url();
	yield 'verify-email';
	await visit.hand.press(visit.page, SUBMIT);
	await visit.page.locator('main form').waitFor({ state: 'detached' });
	yield 'verify-email-done';
	await visit.open(link);
	yield 'link-ended';
}

async function* notMePages(visit, person) {
	await visit.forget();
	await visit.open(visit.server.url('login'), 'Sign in');
	await visit.send({ username: person.username, password: PASSWORD });
	await visit.page.waitForURL(/\/account\//);
	await visit.mailed(person.email, 'new_device');
	yield 'not-me';
	await visit.hand.press(visit.page, SUBMIT);
	await visit.page.locator('main form').waitFor({ state: 'detached' });
	yield 'not-me-done';
}

async function* resetPages(visit, person) {
	const { page } = visit;
	await visit.forget();
	await visit.open(visit.server.url('login'), 'Sign in');
	await visit.hand.press(page, 'a[href*="/reset"]');
	await page.locator('input[name=account]').waitFor();
	yield 'reset';
	await visit.send({ account: person.username });
	await page.locator('main form').waitFor({ state: 'detached' });
	yield 'reset-sent';
	await visit.mailed(person.email, 'reset_password');
	yield 'reset-new';
	await visit.send({ password: 'passwordpassword' });
	await page.getByRole('alert').waitFor();
	yield 'reset-new-failed';
	await visit.send({ password: NEW_PASSWORD });
	await page.locator('main form').waitFor({ state: 'detached' });
	yield 'reset-done';
}

async function* factorPages(visit, person) {
	const { page } = visit;
	await visit.signIn(person.username, NEW_PASSWORD);
	await page.locator('.seed').waitFor();
	yield 'enroll';
	await visit.send({ code: '12' });
	await page.getByRole('alert').waitFor();
	yield 'enroll-failed';
	await visit.send({ code: totp(await page.locator('.seed').innerText()) });
	await page.locator('.recovery-codes').waitFor();
	const [code, another] = await page.locator('.recovery-codes code').allInnerTexts();
	yield 'recovery-codes';
	await visit.hand.press(page, FIRST);
	await page.waitForURL(/\/consent\?/);
	await visit.signIn(person.username, NEW_PASSWORD);
	await page.waitForURL(/\/second_factor\?/);
	yield 'second-factor';
	await visit.send({ code: '12' });
	await page.getByRole('alert').waitFor();
	yield 'second-factor-failed';
	await visit.send({ code });
	await page.waitForURL(/\/consent\?/);

	const user = `(SELECT user_id FROM users WHERE username = '${person.username}')`;
	await sql(visit.server, `INSERT INTO passkeys VALUES (randomblob(16), ${user}, 'Laptop', '{}', 0, 0, 'internal', unixepoch(), NULL);
		DELETE FROM totp WHERE user_id = ${user}`);
	await visit.signIn(person.username, NEW_PASSWORD);
	await page.waitForURL(/\/second_factor\?/);
	yield 'second-factor-passkey';
	await visit.send({ code: another });
	await page.waitForURL(/\/consent\?/);
}

/** Yields the names of the pages that `page` shows, one after the other. `hand`: mouse or keyboard. */
export async function* linkPages(server, context, page, hand = mouse) {
	const [invited, proven] = ['guest', 'member'].map((kind) => ({ username: `${kind}${++people}`, email: `${kind}${people}@example.org` }));
	const visit = new Visit(server, context, page, hand);
	await context.clearCookies();
	yield* invitationPages(visit, invited);
	yield* addressPages(visit);
	yield* notMePages(visit, invited);
	yield* resetPages(visit, invited);
	yield* factorPages(visit, invited);
	yield* emailPages(visit, proven);
	await context.clearCookies();
}
