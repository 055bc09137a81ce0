import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { CountriesController } from '../../examples/nestjs-shop/src/countries/countries.controller';
import { CustomersController } from '../../examples/nestjs-shop/src/customers/customers.controller';
import { HealthController } from '../../examples/nestjs-shop/src/health/health.controller';
import { CustomerOrdersController } from '../../examples/nestjs-shop/src/orders/customer-orders.controller';
import { OrdersController } from '../../examples/nestjs-shop/src/orders/orders.controller';

const folder = join(__dirname, '../../examples/nestjs-shop');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const controllers = [CountriesController, CustomersController, HealthController, CustomerOrdersController, OrdersController];

/** Each route of a controller, as `GET /path`. */
function routesOf(controller: (typeof controllers)[number]): readonly string[] {
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const handlers = Object.getOwnPropertyNames(controller.prototype).map((name) => Reflect.get(controller.prototype, name) as object);
  return handlers.flatMap((handler) => {
    const path = Reflect.getMetadata(PATH_METADATA, handler) as string | undefined;
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number];
    return path === undefined || method === undefined ? [] : [`${method} ${join('/', base, path).replace(/\/$/, '')}`];
  });
}

describe('The README of the NestJS shop', () => {
  it('lists every request that the shop answers, and no other', () => {
    const listed = [...readme.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[\w/:-]*)[^`]*`/g)].map(([, method, path]) => `${method} ${path}`);

    expect([...new Set(listed)].sort()).toEqual(controllers.flatMap(routesOf).sort());
  });

  it('lists every setting, and no other', () => {
    const settings = readFileSync(join(folder, 'src/settings/settings.ts'), 'utf8');
    const known = [...settings.matchAll(/name: '(SHOP_\w+)'/g)].map(([, name]) => name);
    const rows = readme.slice(readme.indexOf('## Settings')).matchAll(/^\| (`SHOP_.*?) \|/gm);
    const listed = [...rows].flatMap(([, names]) => [...names!.matchAll(/SHOP_\w+/g)].map(([name]) => name));

    expect(known).toHaveLength(7);
    expect(listed.sort()).toEqual(known.sort());
  });

  it('links only to files and headings that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => `#${heading!.toLowerCase().replace(/ /g, '-')}`);
    const missing = links.filter((link) => !headings.includes(link) && !existsSync(join(folder, link)));

    expect(links.length).toBeGreaterThan(9);
    expect(missing).toEqual([]);
  });
});
