/* Makes a game written for SDL 1.2 show and sound in step, however slow the machine: loaded before the game's libraries (LD_PRELOAD, Linux).
 *
 * The game's clock moves only here. Each picture that it shows lasts 16 ms by that clock and 1/60 s of sound, which is asked of the game's own mixer
 * right after the picture, in the same thread: what a picture starts is heard from its first sample on. Where the game waits longer than a picture lasts,
 * the picture is shown again. Every second picture is kept, so that there are 30 a second.
 *
 * Environment:
 *   IN_STEP_FOLDER    where pictures.rgb (8-bit RGB, rows from the top; halved if wider than 400), sound.s16 and form.txt (width height Hz channels) go
 *   IN_STEP_KEYS      text, one key a line in order of time: PICTURE SDLKEY 1|0 (pressed, let go)
 *   IN_STEP_SKIP, IN_STEP_PICTURES   pictures shown before the first that is kept, and shown while keeping; then the game ends
 *   IN_STEP_SEED      moves the clock and the date by so many seconds, so that a game which draws lots by them draws others
 *
 *   cc -O2 -shared -fPIC -o in_step.so in_step.c $(sdl-config --cflags) -ldl
 */
#include <GL/gl.h>
#include <SDL/SDL.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RATE 60
#define PICTURE_US 16000 /* by the game's clock */
#define LOOK_US 5        /* each look at the clock: a game that waits by looking gets on */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long long clock_us;
static long shown, skip, pictures, seed;
static FILE *picture_file, *sound_file, *key_file;
static SDL_AudioSpec mixer;
static int mixer_open, mixer_paused = 1, width, height;
static unsigned char *picture, keys[SDLK_LAST];
static short *sound;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) {
        fprintf(stderr, "in_step: %s is not set\n", name);
        _exit(3);
    }
    return value;
}

static FILE *create(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", setting("IN_STEP_FOLDER"), name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        _exit(3);
    }
    return file;
}

__attribute__((constructor)) static void begin(void) {
    unsetenv("LD_PRELOAD"); /* what the game starts itself is left alone */
    picture_file = create("pictures.rgb");
    sound_file = create("sound.s16");
    key_file = fopen(setting("IN_STEP_KEYS"), "r");
    skip = atol(setting("IN_STEP_SKIP"));
    pictures = atol(setting("IN_STEP_PICTURES"));
    seed = atol(setting("IN_STEP_SEED"));
    sound = calloc(1, 1 << 20);
}

/* What the game sees of time. */

Uint32 SDL_GetTicks(void) { return (clock_us += LOOK_US) / 1000 + seed * 1000; }
void SDL_Delay(Uint32 ms) { clock_us += ms * 1000ll; }

time_t time(time_t *out) {
    time_t now = 1700000000 + seed + clock_us / 1000000;
    if (out) *out = now;
    return now;
}

/* What the game sees of the keyboard. */

Uint8 *SDL_GetKeyState(int *count) {
    if (count) *count = SDLK_LAST;
    return keys;
}

static void press_keys(void) {
    static long at;
    static int key, down, waiting;
    while (key_file) {
        if (!waiting && fscanf(key_file, "%ld %d %d", &at, &key, &down) != 3) {
            fclose(key_file);
            key_file = NULL;
            return;
        }
        waiting = at > shown;
        if (waiting) return;
        SDL_Event event = {0};
        event.type = down ? SDL_KEYDOWN : SDL_KEYUP;
        event.key.state = keys[key] = down;
        event.key.keysym.sym = key;
        SDL_PushEvent(&event);
    }
}

/* What is kept of what it shows and sounds. */

static void read_surface(SDL_Surface *surface) {
    if (SDL_MUSTLOCK(surface)) SDL_LockSurface(surface);
    int wide = surface->format->BytesPerPixel;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            Uint32 value = 0;
            memcpy(&value, (Uint8 *)surface->pixels + (size_t)y * surface->pitch + (size_t)x * wide, wide);
            Uint8 *out = picture + 3 * ((size_t)y * width + x);
            SDL_GetRGB(value, surface->format, out, out + 1, out + 2);
        }
    if (SDL_MUSTLOCK(surface)) SDL_UnlockSurface(surface);
}

static void read_opengl(void) {
    size_t row = 3 * (size_t)width;
    unsigned char *other = malloc(row);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, picture);
    for (int y = 0; y < height / 2; y++) { /* its rows come from the bottom */
        unsigned char *above = picture + y * row, *below = picture + (height - 1 - y) * row;
        memcpy(other, above, row);
        memcpy(above, below, row);
        memcpy(below, other, row);
    }
    free(other);
}

static void write_picture(void) {
    int by = width > 400 ? 2 : 1;
    for (int y = 0; y + by <= height; y += by)
        for (int x = 0; x + by <= width; x += by)
            for (int c = 0; c < 3; c++) {
                int sum = 0;
                for (int j = 0; j < by; j++)
                    for (int i = 0; i < by; i++) sum += picture[3 * ((size_t)(y + j) * width + x + i) + c];
                fputc((sum + by * by / 2) / (by * by), picture_file);
            }
}

static void write_sound(void) {
    static double owed;
    owed += (double)mixer.freq / RATE;
    int samples = owed + 1e-6, bytes = samples * 2 * mixer.channels;
    owed -= samples;
    memset(sound, 0, bytes);
    if (!mixer_paused) mixer.callback(mixer.userdata, (Uint8 *)sound, bytes);
    if (shown >= skip) fwrite(sound, 1, bytes, sound_file);
}

static void first_kept(void) {
    SDL_Surface *screen = SDL_GetVideoSurface();
    if (!mixer_open) {
        fprintf(stderr, "in_step: the game has opened no sound until its first picture that is kept\n");
        _exit(3);
    }
    width = screen->w;
    height = screen->h;
    picture = calloc(3, (size_t)width * height);
    int by = width > 400 ? 2 : 1;
    FILE *form = create("form.txt");
    fprintf(form, "%d %d %d %d\n", width / by, height / by, mixer.freq, mixer.channels);
    fclose(form);
}

static void show(SDL_Surface *surface) {
    int taken = 0;
    do {
        if (shown == skip) first_kept();
        if (shown >= skip && (shown - skip) % 2 == 0) {
            if (!taken++) surface ? read_surface(surface) : read_opengl();
            write_picture();
        }
        if (mixer_open) write_sound();
        if (++shown == skip + pictures) {
            fclose(picture_file);
            fclose(sound_file);
            _exit(0);
        }
        press_keys();
    } while (clock_us >= (shown + 1) * PICTURE_US);
    if (clock_us < shown * PICTURE_US) clock_us = shown * PICTURE_US;
}

void SDL_GL_SwapBuffers(void) {
    show(NULL);
    NEXT(SDL_GL_SwapBuffers)();
}

int SDL_Flip(SDL_Surface *surface) {
    show(surface);
    return NEXT(SDL_Flip)(surface);
}

void SDL_UpdateRect(SDL_Surface *surface, Sint32 x, Sint32 y, Uint32 w, Uint32 h) {
    show(surface);
    NEXT(SDL_UpdateRect)(surface, x, y, w, h);
}

void SDL_UpdateRects(SDL_Surface *surface, int count, SDL_Rect *rects) {
    show(surface);
    NEXT(SDL_UpdateRects)(surface, count, rects);
}

/* The sound device that the game opens is ours; its music is not played, since nothing in the picture makes it. */

int SDL_OpenAudio(SDL_AudioSpec *wanted, SDL_AudioSpec *given) {
    mixer = *wanted;
    mixer.format = AUDIO_S16SYS;
    mixer.silence = 0;
    mixer.samples = mixer.freq / RATE;
    mixer.size = mixer.samples * 2 * mixer.channels;
    mixer_open = 1;
    *(given ? given : wanted) = mixer;
    return 0;
}

void SDL_PauseAudio(int paused) { mixer_paused = paused; }
void SDL_LockAudio(void) {}
void SDL_UnlockAudio(void) {}
void SDL_CloseAudio(void) { mixer_open = 0; }
SDL_audiostatus SDL_GetAudioStatus(void) { return !mixer_open ? SDL_AUDIO_STOPPED : mixer_paused ? SDL_AUDIO_PAUSED : SDL_AUDIO_PLAYING; }

void SDL_MixAudio(Uint8 *onto, const Uint8 *more, Uint32 bytes, int volume) { /* SDL's own asks the device that was never opened for its format */
    short *out = (short *)onto;
    const short *in = (const short *)more;
    for (Uint32 i = 0; i < bytes / 2; i++) {
        int sum = out[i] + in[i] * volume / SDL_MIX_MAXVOLUME;
        out[i] = sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum;
    }
}

int Mix_PlayMusic(void *music, int loops) { return 0; }
int Mix_FadeInMusic(void *music, int loops, int ms) { return 0; }
int Mix_FadeInMusicPos(void *music, int loops, int ms, double position) { return 0; }
