import {
  createContext,
  type ReactElement,
  type RefObject,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { type CustomContainerComponentProps, type CustomItemComponentProps, Virtualizer } from 'virtua';

/** Lists up to here are in the page as a whole: found by the browser's own search, read from end to end. */
const maxWhole = 80;
const rowHeight = 56;

interface RowsProps<Item> {
  /** The list's name for screen readers. */
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  /** What scrolls, with this list somewhere in it. */
  readonly scroller: RefObject<HTMLElement | null>;
  readonly children: (item: Item) => ReactElement;
}

/** A list of any length: of long ones only what is seen is in the page. */
export function Rows<Item>(props: RowsProps<Item>) {
  const { label, items, keyOf, children } = props;
  if (items.length > maxWhole) return <VirtualRows {...props} />;
  return (
    <ul aria-label={label}>
      {items.map((item) => (
        <li key={keyOf(item)}>{children(item)}</li>
      ))}
    </ul>
  );
}

function VirtualRows<Item>({ label, items, keyOf, scroller, children }: RowsProps<Item>) {
  const place = useRef<HTMLDivElement>(null);
  const startMargin = useOffset(place, scroller);
  const size = items.length;
  const list = useMemo(() => ({ label, size }), [label, size]);
  return (
    <div ref={place}>
      <ListContext value={list}>
        <Virtualizer
          data={items}
          scrollRef={scroller}
          startMargin={startMargin}
          itemSize={rowHeight}
          as={List}
          item={ListItem}
        >
          {(item) => <div key={keyOf(item)}>{children(item)}</div>}
        </Virtualizer>
      </ListContext>
    </div>
  );
}

/** How far down in the scrolled content an element begins, in pixels. */
function useOffset(place: RefObject<HTMLElement | null>, scroller: RefObject<HTMLElement | null>): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const scrolled = scroller.current;
    if (scrolled === null) return;
    const measure = () => {
      if (place.current === null) return;
      const top = place.current.getBoundingClientRect().top - scrolled.getBoundingClientRect().top;
      setOffset(top + scrolled.scrollTop);
    };
    measure();
    // What stands above the list may grow or go.
    const observer = new ResizeObserver(measure);
    for (const child of scrolled.children) observer.observe(child);
    return () => observer.disconnect();
  }, [place, scroller]);
  return offset;
}

const ListContext = createContext({ label: '', size: 0 });

function List({ ref, style, children }: CustomContainerComponentProps) {
  const { label } = useContext(ListContext);
  return (
    <ul ref={ref} style={style} aria-label={label}>
      {children}
    </ul>
  );
}

/** Says its place among all, as only some are in the page. */
function ListItem({ ref, style, index, children }: CustomItemComponentProps) {
  const { size } = useContext(ListContext);
  return (
    <li ref={ref} style={{ ...style, width: '100%' }} aria-posinset={index + 1} aria-setsize={size}>
      {children}
    </li>
  );
}
