/**
 * What every room is made with. Enters: the one {@link dev.weft.room.RoomContext} of the node.
 * Leaves: the parts that all rooms would otherwise build for themselves.
 *
 * <ul>
 *   <li>{@link dev.weft.room.RoomThread}: calls from other threads and blocking work, whose results
 *       come back to the room's event loop. Whatever is thrown becomes the answer, so that no
 *       caller waits for ever.
 *   <li>{@link dev.weft.room.Passes}: one pass at a time, and another one if it was asked for
 *       meanwhile; a pass that failed is repeated with {@link dev.weft.room.Backoff}.
 *   <li>{@link dev.weft.room.Reconciler}: what is wanted against what is there, as a plan.
 * </ul>
 */
package dev.weft.room;
