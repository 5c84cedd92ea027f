#!/usr/bin/env node
// Pictures of every page into build/screenshots, to look at: node tests/browser/screenshots.mjs
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { launch, profile } from '../lib/chromium.mjs';
import { accountPages, allPages, startWithPages } from '../lib/pages.mjs';
import { ROOT } from '../lib/server.mjs';

const VIEWS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

const folder = path.join(ROOT, 'build/screenshots');
await mkdir(folder, { recursive: true });
const [server, chromium] = await Promise.all([startWithPages(), launch()]);
try {
	for (const colorScheme of ['light', 'dark']) {
		for (const [view, viewport] of Object.entries(VIEWS)) {
			const { context } = await profile(chromium, { colorScheme, viewport });
			for await (const [name, page] of allPages(server, context))
				await page.screenshot({ path: path.join(folder, `${name}-${view}-${colorScheme}.png`), fullPage: true });
			await context.close();
		}
		for (const [view, viewport] of Object.entries({ narrow: { width: 360, height: 740 }, desktop: VIEWS.desktop })) {
			const { context } = await profile(chromium, { colorScheme, viewport });
			for await (const [name, page, fullPage] of accountPages(server, context))
				await page.screenshot({ path: path.join(folder, `account-${name}-${view}-${colorScheme}.png`), fullPage });
			await context.close();
		}
	}
	console.log(folder);
} finally {
	await chromium.close();
	await server.stop();
}
