/** A page of a list, as all operations answer it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/** How a page is asked for: as large as the server gives them. */
export interface PageInput {
  readonly limit: number;
  readonly cursor?: string;
}

const pageSize = 500;

/** All items of a list, page by page; `most` bounds what is asked for. */
export async function allPages<Item>(
  ask: (page: PageInput) => Promise<Page<Item>>,
  most = 10_000,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: pageSize, ...(cursor !== undefined && { cursor }) });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && items.length < most);
  return items;
}
