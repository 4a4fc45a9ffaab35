; Catch: a game for the Atari 2600, small enough to be learnt by a DQN in minutes and to be read in one sitting.
;
; Balls fall, bounce off the walls, and are to be caught with a paddle on the joystick. A ball caught is a point, one
; missed is a life of three; the game is over without lives, or won with 40 points. Where the next ball comes from is
; drawn by a shift register that moves on every frame, and once more on every frame in which the joystick is held, so
; that what was played so far decides what comes, and nothing learnt by heart plays well. RESET starts a game.
;
; To assemble: dasm catch.asm -f3 -ocatch.bin

        processor 6502

; The television interface (TIA): what is written ...
VSYNC   = $00           ; bit 1: the beam goes back to the top
VBLANK  = $01           ; bit 1: no picture
WSYNC   = $02           ; wait for the next line
NUSIZ0  = $04           ; copies and widths of player 0, the paddle
NUSIZ1  = $05           ;   and of player 1, the ball
COLUP0  = $06           ; colours of the players,
COLUP1  = $07
COLUPF  = $08           ;   of the playfield
COLUBK  = $09           ;   and of what is behind
CTRLPF  = $0A           ; bit 0: the right half mirrors the left; bit 1: the halves have the players' colours
PF0     = $0D           ; the playfield: 20 blocks of 4 colour clocks for half a line
PF1     = $0E
PF2     = $0F
RESP0   = $10           ; a player is where the beam is now
GRP0    = $1B           ; what a player looks like in this line
GRP1    = $1C
HMP0    = $20           ; a player's shift to the left, in the high nibble,
HMOVE   = $2A           ;   happens now
CXCLR   = $2C           ; forget collisions
; ... and what is read.
CXPPMM  = $07           ; bit 7: the players have touched
; The other chip (PIA): joystick, switches, timer.
SWCHA   = $0280         ; bit 7: not right; bit 6: not left
SWCHB   = $0282         ; bit 0: not RESET
INTIM   = $0284
TIM64T  = $0296         ; counts down every 64 cycles

; Memory. Who plays by program reads the first six bytes by their addresses.
score   = $80           ; balls caught, two decimal digits
lives   = $81
over    = $82           ; not 0: the game is over
paddle  = $83           ; left edge, in colour clocks
ballX   = $84           ; left edge
ballY   = $85           ; upper edge, in lines below the ceiling
ballDX  = $86           ; colour clocks a frame
noise   = $87           ; two bytes of shift register
glow    = $89           ; frames for which the paddle still shines, having caught
temp    = $8A
digits  = $8B           ; five rows of the score
bars    = $90           ; five rows of the lives
pause   = $95           ; frames until the first ball

; Sizes are in colour clocks and in lines, speeds in those a frame.
FIELD   = 148           ; lines between ceiling and floor
WALL    = 4
PADDLE_WIDTH  = 32
PADDLE_HEIGHT = 6
PADDLE_TOP    = 132
PADDLE_SPEED  = 6
PADDLE_LEFT   = WALL
PADDLE_RIGHT  = 160-WALL-PADDLE_WIDTH
BALL_WIDTH    = 8
BALL_HEIGHT   = 10
BALL_SPEED    = 6
BALL_LEFT     = WALL
BALL_RIGHT    = 160-WALL-BALL_WIDTH
NOWHERE = $E0           ; a line that is never drawn
LIVES   = 3
ENOUGH  = $40           ; points, in decimal digits, that win
PAUSE   = 32            ; longer than programs idle to make games differ
SHINE   = 6

; Colours: hue and luminance.
BLACK   = $00
NIGHT   = $90           ; behind the ball
STONE   = $0A           ; walls and ceiling
EARTH   = $F2           ; the floor
ORANGE  = $3A
WHITE   = $0E
YELLOW  = $1E

        org $F800

start   sei
        cld
        ldx #$FF
        txs
        inx
        txa
clear   sta $00,x       ; all of TIA and memory
        inx
        bne clear
        lda #$AC        ; anything but 0
        sta noise
        jsr newGame
        inc over        ; no game before RESET
        lda #$07        ; the paddle: 8 bits, 4 colour clocks each
        sta NUSIZ0
        lda #YELLOW
        sta COLUP1

; One frame: 3 lines of VSYNC, 37 without picture in which the game goes on, 192 of picture, 30 without.
frame   lda #2
        sta WSYNC
        sta VBLANK
        sta VSYNC
        sta WSYNC
        sta WSYNC
        lda #0
        sta WSYNC
        sta VSYNC
        lda #43         ; 37 lines of 76 cycles
        sta TIM64T

        jsr stir
        lda SWCHB
        lsr
        bcs noReset
        jsr newGame
noReset lda over
        bne played
        jsr movePaddle
        jsr moveBall
played  sta CXCLR
        jsr drawStatus

        lda paddle      ; a player four times as wide comes a clock later
        sec
        sbc #1
        ldx #0
        jsr place
        lda ballX
        inx
        jsr place
        sta WSYNC
        sta HMOVE

        ldx #ORANGE
        lda glow
        beq dull
        dec glow
        ldx #WHITE
dull    stx COLUP0
        lda #%00000011  ; status: mirrored, in the players' colours
        sta CTRLPF

blank   lda INTIM
        bne blank
        sta WSYNC
        sta VBLANK      ; A is 0

; The picture: 4 + 20 + 4 lines of status, ...
        ldx #4
        jsr lines
        ldx #0
statusRow
        ldy #4
statusLine
        sta WSYNC
        lda digits,x    ; for the left half, before the beam is there
        sta PF1
        REPEAT 15
        nop
        REPEND
        lda bars,x      ; for the right half, when the beam is between them
        sta PF1
        dey
        bne statusLine
        inx
        cpx #5
        bne statusRow
        sta WSYNC
        sty PF1         ; Y is 0
        ldx #3
        jsr lines

; ... 8 of ceiling, ...
        sta WSYNC
        lda #%00000001  ; mirrored
        sta CTRLPF
        lda #STONE
        sta COLUPF
        jsr solid
        ldx #7
        jsr lines

; ... the field, ...
        ldy #0
        sta WSYNC
        sty PF1
        sty PF2
        lda #$10        ; a wall left and right
        sta PF0
        lda #NIGHT
        sta COLUBK
        ldx #0
        txa
field   sta WSYNC
        sta GRP0        ; what was found out in the line before
        stx GRP1
        ldx #0
        tya
        sec
        sbc ballY
        cmp #BALL_HEIGHT
        bcs noBall
        tax
        lda ball,x
        tax
noBall  tya
        sec
        sbc #PADDLE_TOP
        cmp #PADDLE_HEIGHT
        lda #0
        bcs noPad
        lda #$FF
noPad   iny
        cpy #FIELD-1
        bne field

; ... and 8 of floor.
        sta WSYNC
        lda #EARTH
        sta COLUPF
        jsr solid
        ldx #7
        jsr lines
        sta WSYNC
        lda #2
        sta VBLANK
        lda #BLACK
        sta COLUBK
        sta PF0
        sta PF1
        sta PF2
        ldx #29
        jsr lines
        jmp frame

; Lets X lines pass.
lines   sta WSYNC
        dex
        bne lines
        rts

; Fills the line.
solid   lda #$FF
        sta PF0
        sta PF1
        sta PF2
        rts

; Puts player X where A says: strobed every 15 clocks, the rest by HMOVE.
place   sec
        sta WSYNC
by15    sbc #15
        bcs by15
        eor #7
        asl
        asl
        asl
        asl
        sta.wx HMP0,x
        sta RESP0,x
        rts

; Moves the shift register on: Galois, x^16 + x^14 + x^13 + x^11 + 1.
stir    lsr noise+1
        ror noise
        bcc stirred
        lda noise+1
        eor #$B4
        sta noise+1
stirred rts

newGame lda #0
        sta score
        sta over
        sta glow
        lda #LIVES
        sta lives
        lda #80-PADDLE_WIDTH/2
        sta paddle
        lda #PAUSE
        sta pause
        bne hide   ; always

newBall lda noise
        and #$7F
        clc
        adc #BALL_LEFT+8
        sta ballX
        lda noise+1
        and #3
        tax
        lda speeds,x
        sta ballDX
        lda #0
        sta ballY
        rts
hide    lda #NOWHERE
        sta ballY
        rts

movePaddle
        bit SWCHA       ; bit 7 to the sign, bit 6 to overflow
        bpl right
        bvc left
        rts
left    jsr stir
        lda #PADDLE_LEFT
        ldx paddle
        cpx #PADDLE_LEFT+PADDLE_SPEED
        bcc paddled
        txa
        sbc #PADDLE_SPEED
paddled sta paddle
        rts
right   jsr stir
        lda #PADDLE_RIGHT
        ldx paddle
        cpx #PADDLE_RIGHT-PADDLE_SPEED
        bcs paddled
        txa
        adc #PADDLE_SPEED
        sta paddle
        rts

moveBall
        lda pause
        beq falling
        dec pause
        beq newBall
        rts
falling bit CXPPMM      ; of the frame before
        bmi caught
        lda ballX
        clc
        adc ballDX
        cmp #BALL_LEFT
        bcc bounce
        cmp #BALL_RIGHT+1
        bcs bounce
        sta ballX
        bcc fall        ; always
bounce  lda #0
        sec
        sbc ballDX
        sta ballDX
fall    lda ballY
        clc
        adc #BALL_SPEED
        sta ballY
        cmp #PADDLE_TOP+PADDLE_HEIGHT
        bcs missed
        rts
missed  dec lives
        bne newBall
        beq done        ; always
caught  lda #SHINE
        sta glow
        sed
        lda score
        clc
        adc #1
        cld
        sta score
        cmp #ENOUGH
        beq done
        jmp newBall
done    inc over
        jmp hide

; The score's two digits, and a bar for every life.
drawStatus
        lda score
        and #$F0
        lsr
        lsr
        sta temp        ; tens * 4
        lsr
        lsr
        clc
        adc temp
        tax
        lda score
        and #$0F
        sta temp
        asl
        asl
        clc
        adc temp
        tay
ROW     SET 0
        REPEAT 5
        lda font+ROW,x
        and #$F0
        sta temp
        lda font+ROW,y
        and #$0F
        ora temp
        sta digits+ROW
ROW     SET ROW+1
        REPEND
        ldx lives
        lda life,x
        sta bars+1
        sta bars+2
        sta bars+3
        rts

speeds  .byte -2, -1, 1, 2
life    .byte %00000000, %10000000, %10100000, %10101000     ; mirrored: bit 7 is on the right
ball    .byte %00111100, %01111110, %11111111, %11111111, %11111111
        .byte %11111111, %11111111, %11111111, %01111110, %00111100
font    .byte $EE, $AA, $AA, $AA, $EE   ; the same in both halves of a byte, to be masked
        .byte $44, $CC, $44, $44, $EE
        .byte $EE, $22, $EE, $88, $EE
        .byte $EE, $22, $66, $22, $EE
        .byte $AA, $AA, $EE, $22, $22
        .byte $EE, $88, $EE, $22, $EE
        .byte $EE, $88, $EE, $AA, $EE
        .byte $EE, $22, $22, $22, $22
        .byte $EE, $AA, $EE, $AA, $EE
        .byte $EE, $AA, $EE, $22, $EE

        org $FFFC
        .word start
        .word start
