import { ContextMenu as Context, DropdownMenu as Dropdown } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import { classes } from './classes.ts';
import './menu.css';

export interface MenuItem {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  /** A button; it gets what a menu's button needs. */
  readonly trigger: ReactElement;
  readonly items: readonly MenuItem[];
  readonly align?: 'start' | 'center' | 'end';
  readonly onOpenChange?: (open: boolean) => void;
}

/** What opens below its button. */
export function Menu({ trigger, items, align = 'end', onOpenChange }: MenuProps) {
  return (
    // A modal one puts a style element into the page, which its security policy forbids.
    <Dropdown.Root modal={false} {...(onOpenChange !== undefined && { onOpenChange })}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className="menu" align={align} sideOffset={4} collisionPadding={8}>
          {items.map((item) => (
            <Dropdown.Item key={item.label} {...itemProps(item)}>
              <ItemContent item={item} />
            </Dropdown.Item>
          ))}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

interface ContextMenuProps {
  /** One element: a right click, a long touch or the menu key on it opens the menu. */
  readonly children: ReactElement;
  readonly items: readonly MenuItem[];
  readonly onOpenChange?: (open: boolean) => void;
}

export function ContextMenu({ children, items, onOpenChange }: ContextMenuProps) {
  return (
    <Context.Root modal={false} {...(onOpenChange !== undefined && { onOpenChange })}>
      <Context.Trigger asChild>{children}</Context.Trigger>
      <Context.Portal>
        <Context.Content className="menu" collisionPadding={8}>
          {items.map((item) => (
            <Context.Item key={item.label} {...itemProps(item)}>
              <ItemContent item={item} />
            </Context.Item>
          ))}
        </Context.Content>
      </Context.Portal>
    </Context.Root>
  );
}

function itemProps({ danger, disabled, onSelect }: MenuItem) {
  return {
    className: classes('menu__item', danger && 'menu__item--danger'),
    disabled: disabled ?? false,
    onSelect,
  };
}

function ItemContent({ item }: { readonly item: MenuItem }) {
  return (
    <>
      {item.icon !== undefined && <span className="menu__icon">{item.icon}</span>}
      {item.label}
    </>
  );
}
