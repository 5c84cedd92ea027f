// Every page: axe finds nothing, in light and dark; nothing is wider than a phone; nothing is refused by the policy.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { axe, launch, missingChromium, overflow, profile } from '../lib/chromium.mjs';
import { focusIsSeen, keyboard, linkPages } from '../lib/link_pages.mjs';
import { allPages, startWithPages } from '../lib/pages.mjs';

describe('every page', { skip: missingChromium }, () => {
	let server;
	let chromium;

	before(async () => {
		[server, chromium] = await Promise.all([startWithPages(), launch()]);
	});
	after(async () => {
		await chromium?.close();
		await server?.stop();
	});

	for (const [colorScheme, viewport] of [['light', { width: 1280, height: 800 }], ['dark', { width: 360, height: 740 }], ['light', { width: 320, height: 600 }]]) {
		test(`${colorScheme}, ${viewport.width} px wide`, async (t) => {
			const { context, complaints } = await profile(chromium, { colorScheme, viewport });
			for await (const [name, page] of allPages(server, context)) {
				await t.test(name, async () => {
					assert.ok(await overflow(page) <= 0, `${await overflow(page)} px too wide`);
					assert.deepEqual(await axe(page), []);
					assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
					assert.match(await page.title(), /\S/);
					assert.match(await page.locator('html').getAttribute('lang'), /^[a-z]{2}/);
					const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) < 3 * 128);
					assert.equal(dark, colorScheme === 'dark');
				});
			}
			assert.deepEqual(complaints, []);
			await context.close();
		});
	}

	/** What can be used by mouse and is not reached by Tab, or not seen to be. */
	async function unreached(page) {
		const controls = page.locator('a[href]:visible, button:visible, input:visible, summary:visible');
		const total = await controls.count();
		await page.evaluate(() => document.activeElement.blur());
		const reached = new Set();
		for (let presses = 0; presses < 3 * total + 5 && reached.size < total; presses++) {
			await page.keyboard.press('Tab');
			const index = await controls.evaluateAll((all) => all.indexOf(document.activeElement));
			if (index >= 0 && await focusIsSeen(page))
				reached.add(index);
		}
		return controls.evaluateAll((all, those) => all.filter((_, index) => !those.includes(index)).map((one) => one.outerHTML), [...reached]);
	}

	for (const javaScriptEnabled of [true, false]) {
		test(`links by mail, invitations, the second factor: by keyboard alone, JavaScript ${javaScriptEnabled ? 'on' : 'off'}, 360 px wide`, async (t) => {
			const { context, complaints } = await profile(chromium, { javaScriptEnabled, viewport: { width: 360, height: 740 } });
			const page = await context.newPage();
			for await (const name of linkPages(server, context, page, keyboard)) {
				await t.test(name, async () => {
					assert.ok(await overflow(page) <= 0, `${await overflow(page)} px too wide`);
					assert.deepEqual(await unreached(page), []);
					assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
				});
			}
			assert.deepEqual(complaints, []);
			await context.close();
		});
	}
});
