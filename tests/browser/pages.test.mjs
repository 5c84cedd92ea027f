// Every page: axe finds nothing, in light and dark; nothing is wider than a phone; nothing is refused by the policy.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { axe, launch, missingChromium, overflow, profile } from '../lib/chromium.mjs';
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
});
