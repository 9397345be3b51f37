package dev.weft.linux;

/**
 * A packet socket's counts since the last read (PACKET_STATISTICS).
 *
 * @param received frames, those dropped too
 * @param dropped frames for which the receive buffer had no room
 */
public record PacketStats(long received, long dropped) {}
