package dev.weft.linux;

/**
 * What a packet socket saw since it was last asked (PACKET_STATISTICS).
 *
 * @param received frames, those dropped too
 * @param dropped frames for which the receive buffer had no room
 */
public record PacketStats(long received, long dropped) {}
