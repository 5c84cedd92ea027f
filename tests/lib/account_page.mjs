// The account page in Chromium: its sections, dialogs and messages, as its user meets them.
import { fillLogin, submit } from './pages.mjs';

export const SECTIONS = ['overview', 'profile', 'security', 'applications', 'sessions', 'data'];
export const TITLES = ['Overview', 'Profile', 'Security', 'Applications', 'Sessions', 'Your data'];

export async function shown(page) {
	await page.locator('#section .panel').first().waitFor();
	await page.locator('#section:not([aria-busy])').waitFor();
}

/** Opens a section in a browser where nobody is signed in: through the sign-in, and back to the same section. */
export async function open(server, context, user, section = 'overview') {
	const page = await context.newPage();
	await page.goto(`${server.issuer}/account/#${section}`);
	await page.locator('input[name=password]').waitFor();
	await fillLogin(page, user);
	await submit(page);
	await page.waitForURL(`${server.issuer}/account/**`);
	await shown(page);
	return page;
}

/** Goes to a section and waits for it; it is loaded anew even if it was there. */
export async function go(server, page, section) {
	await page.goto(`${server.issuer}/account/#${section}`);
	await page.reload();
	await page.getByRole('heading', { level: 1, name: TITLES[SECTIONS.indexOf(section)] }).waitFor();
	await shown(page);
}

/** What the page says once it has done something. */
export const said = (page, text) => page.locator('#status').getByText(text).waitFor();

export const dialog = (page, title) => page.locator('dialog[open]').getByRole('heading', { name: title, exact: true }).waitFor();
export const answer = (page, name) => page.locator('dialog').getByRole('button', { name, exact: true }).click();
export const gone = (page) => page.locator('dialog').waitFor({ state: 'detached' });

/** What is said of a mistake, at a field of the dialog or for all of it. */
export async function problem(page) {
	const place = page.locator('dialog .problem:not(:empty), dialog .alert:not([hidden])').first();
	await place.waitFor();
	return place.textContent();
}
