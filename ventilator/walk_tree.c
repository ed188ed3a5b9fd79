/*
 * The images below a folder, depth first: one folder open at a time, those still to read remembered
 * in the trail. The type of an entry comes with its name where the file system says it; only files
 * with the suffix of an image are looked at.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/image_format.h"
#include "common/log.h"
#include "ventilator/lexical.h"
#include "ventilator/trail.h"
#include "ventilator/walker.h"

struct tree {
    struct walk *walk;
    uint32_t root;
    const char *root_path;
    int root_fd;
    struct trail trail;
};

static void leave_out(struct tree *tree, const char *name, const char *why)
{
    const char *folder = tree->trail.path;
    log_error("%s/%s%s%s: left out: %s", tree->root_path, folder, *folder && *name ? "/" : "", name,
              why);
    walk_count_error(tree->walk);
}

/* By identity, and by name for one that did not exist yet when the walk began. */
static bool is_dest(const struct tree *tree, int folder)
{
    const struct walk *walk = tree->walk;
    const char *below = lexical_below(tree->root_path, walk->sources->dest);
    if (below && *below != '\0' && strcmp(below, tree->trail.path) == 0)
        return true;
    struct stat stat;
    return walk->dest_exists && fstat(folder, &stat) == 0 && stat.st_dev == walk->dest_device &&
           stat.st_ino == walk->dest_inode;
}

/* The present folder, or NULL when there is nothing to read in it. */
static DIR *open_folder(struct tree *tree)
{
    const bool is_root = tree->trail.length == 0;
    const int fd = openat(tree->root_fd, is_root ? "." : tree->trail.path,
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT || is_root) // removed meanwhile: as if it had never been there
            leave_out(tree, "", strerror(errno));
        return NULL;
    }
    if (is_dest(tree, fd)) {
        close(fd);
        return NULL;
    }
    DIR *folder = fdopendir(fd);
    if (!folder) {
        leave_out(tree, "", strerror(errno));
        close(fd);
    }
    return folder;
}

static bool take_image(struct tree *tree, const char *name, const struct stat *stat)
{
    char path[JOB_PATH_SIZE];
    if (trail_entry(&tree->trail, name, path))
        return walk_put(tree->walk, tree->root, path, stat);
    leave_out(tree, name, strerror(ENAMETOOLONG));
    return true;
}

static bool take_unreadable(struct tree *tree, const char *name, int error)
{
    char path[JOB_PATH_SIZE];
    if (error == ENOENT)
        return true; // removed meanwhile
    if (!errno_is_machine(error) && trail_entry(&tree->trail, name, path))
        return walk_put_failed(tree->walk, tree->root, path, strerror(error));
    leave_out(tree, name, strerror(error));
    return true;
}

static void take_folder(struct tree *tree, const char *name)
{
    const enum status status = trail_push(&tree->trail, name);
    if (status != STATUS_OK)
        leave_out(tree, name, strerror(status == STATUS_IMAGE ? ENAMETOOLONG : ENOMEM));
}

/* False when the walk must end. */
static bool take_entry(struct tree *tree, DIR *folder, const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (name[0] == '.')
        return true; // itself, its parent, and what is hidden
    const bool may_be_image = format_of_name(name) != FORMAT_UNKNOWN &&
                              (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
    mode_t type = DTTOIF(entry->d_type);
    struct stat stat;
    if (may_be_image || entry->d_type == DT_UNKNOWN) {
        if (fstatat(dirfd(folder), name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
            return take_unreadable(tree, name, errno);
        type = stat.st_mode & S_IFMT;
    }
    if (type == S_IFDIR)
        take_folder(tree, name);
    else if (type == S_IFREG && may_be_image)
        return take_image(tree, name, &stat);
    else
        walk_count_ignored(tree->walk);
    return true;
}

/* False when the walk must end. */
static bool read_folder(struct tree *tree)
{
    DIR *folder = open_folder(tree);
    if (!folder)
        return true;
    bool goes_on = true;
    while (goes_on && !walk_must_end(tree->walk)) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            if (errno != 0)
                leave_out(tree, "", strerror(errno));
            break;
        }
        goes_on = take_entry(tree, folder, entry);
    }
    closedir(folder);
    return goes_on && !walk_must_end(tree->walk);
}

bool walk_tree(struct walk *walk, uint32_t root)
{
    struct tree *tree = calloc(1, sizeof *tree);
    const char *path = walk->sources->roots[root];
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!tree || fd < 0) {
        log_error("%s: left out: %s", path, strerror(tree ? errno : ENOMEM));
        walk_count_error(walk);
        if (fd >= 0)
            close(fd);
        free(tree);
        return true;
    }
    *tree = (struct tree){.walk = walk, .root = root, .root_path = path, .root_fd = fd};
    bool goes_on = true;
    do
        goes_on = read_folder(tree);
    while (goes_on && trail_next(&tree->trail));
    trail_close(&tree->trail);
    close(fd);
    free(tree);
    return goes_on;
}
