// Debian's Chromium, driven by playwright-core.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const EXECUTABLE = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));
export const missingChromium = EXECUTABLE ? false : 'needs chromium';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function launch() {
	const { chromium } = await import('playwright-core');
	return chromium.launch({
		executablePath: EXECUTABLE,
		headless: true,
		// Debian's Chromium runs here as root, where its sandbox cannot, and with no network but this machine's own.
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
	});
}

/** A fresh profile. `complaints` collects what the console says of policy violations and faults of scripts. */
export async function profile(chromium, options = {}) {
	const context = await chromium.newContext({ reducedMotion: 'reduce', ...options });
	context.setDefaultTimeout(20000);
	const complaints = [];
	context.on('console', (message) => {
		if (/Content.Security.Policy|Refused to|Mixed Content/i.test(message.text()))
			complaints.push(message.text());
	});
	context.on('weberror', (error) => complaints.push(String(error.error())));
	context.on('response', (response) => {
		if (response.status() >= 400 && !/favicon\.ico$/.test(response.url()) && response.request().resourceType() !== 'document')
			complaints.push(`${response.status()} ${response.url()}`);
	});
	return { context, complaints };
}

/** What axe finds, as lines; [] is what we want. */
export async function axe(page) {
	await page.waitForLoadState('load'); // with its style: a page that was just come to may not have it yet
	await page.evaluate(AXE);
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
	}));
	return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
}

/** How far the page is wider than its window. */
export async function overflow(page) {
	await page.waitForLoadState('load');
	return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
