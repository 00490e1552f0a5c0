import type { Board } from "./board.js";
import type { BootCycle } from "./boot-cycle.js";

/**
 * The state of a sketch's global object, such as `Serial` or `EEPROM`. Each life on each board has its own, created on
 * first use and dropped with the life, as RAM is. Outside of a sketch a board has one for good.
 */
export class PerBoot<State extends object> {
  readonly #states = new WeakMap<BootCycle | Board, State>();
  readonly #create: (board: Board) => State;
  readonly #end: (state: State) => void;

  /** `end`: releases what the state holds, once, when the life ends. */
  constructor(create: (board: Board) => State, end: (state: State) => void = () => {}) {
    this.#create = create;
    this.#end = end;
  }

  of(board: Board): State {
    const holder = board.life ?? board;
    const known = this.#states.get(holder);
    if (known !== undefined) return known;
    const state = this.#create(board);
    this.#states.set(holder, state);
    board.own({ drop: () => this.#end(state), close: async () => this.#end(state) });
    return state;
  }
}
