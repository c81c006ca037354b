import { type MouseEvent, type PointerEvent, useRef } from 'react';

const longPressMs = 450;
const stillPx = 10;

/** A finger that stays. The browser's own menu of a long touch does not come as well. */
export function useLongPress(onLongPress: () => void) {
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number }>(undefined);
  const isTouch = useRef(false);
  const end = (): void => {
    clearTimeout(press.current?.timer);
    press.current = undefined;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      end();
      isTouch.current = event.pointerType === 'touch';
      if (!isTouch.current || (event.target as Element).closest('a, button') !== null) return;
      const timer = setTimeout(() => {
        press.current = undefined;
        onLongPress();
      }, longPressMs);
      press.current = { timer, x: event.clientX, y: event.clientY };
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      const { current } = press;
      if (current !== undefined && Math.hypot(clientX - current.x, clientY - current.y) > stillPx) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
    onContextMenu: (event: MouseEvent) => {
      if (isTouch.current && (event.target as Element).closest('a') === null) event.preventDefault();
    },
  };
}
